#include "shims/linux/syscalls/mlock.hh"

#include <algorithm>

#include "libos/base/page.hh"
#include "libos/task/process.hh"
#include "libos/task/task.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

uint64_t limit_in_pages(Task& task) { return task.process().limits.soft(LimitOf::locked) >> page_shift; }
// The caller has no privilege: where the limit is zero nothing may be locked, whatever there is.
Result<> may_lock(Task& task) { return task.process().limits.soft(LimitOf::locked) == 0 ? fail(Errno::perm) : Result<>{}; }

// The pages that a range has bytes of. Its end may be anywhere: what wraps to nothing is nothing, as for Linux.
struct Range {
  uint64_t start, pages;
};
Range range_of(Address address, Length length) {
  const uint64_t within = address.value % page_size;
  return {address.value >> page_shift, (length.value + within + page_size - 1) >> page_shift};
}

// apply_vma_lock_flags() of Linux's mm/mlock.c.
Result<> apply(Task& task, Range range, Locking locking) {
  constexpr uint64_t pages_max = user_limit >> page_shift;
  if (range.pages == 0) return {};
  if (((range.start + range.pages) << page_shift) < range.start << page_shift) return fail(Errno::inval);
  if (range.start >= pages_max) return fail(Errno::nomem);
  const uint64_t usable = std::min(range.pages, pages_max - range.start);
  TRY(task.space().lock(range.start, usable, locking));
  return usable < range.pages ? fail(Errno::nomem) : Result<>{};
}

Result<Done> lock(Task& task, Address address, Length length, Locking locking) {
  TRY(may_lock(task));
  const Range range = range_of(address, length);
  AddressSpace& space = task.space();
  const uint64_t limit = limit_in_pages(task), locked = space.locked_pages();
  if (range.pages > limit || locked + range.pages - space.locked_pages(range.start, range.pages) > limit) return fail(Errno::nomem);
  TRY(apply(task, range, locking));
  // What is locked stays so where a page does not come. POSIX has ENOMEM for memory that is not there, and EAGAIN for a lack of it.
  if (auto come = space.populate(range.start, range.pages); !come) return fail(come.error() == Errno::fault ? Errno::nomem : Errno::again);
  return Done{};
}

Locking locking_of(bool on_fault) { return on_fault ? Locking::on_fault : Locking::at_once; }

}  // namespace

Result<> may_lock_future(Task& task, Locking future, uint64_t pages) {
  return future != Locking::none && task.space().locked_pages() + pages > limit_in_pages(task) ? fail(Errno::again) : Result<>{};
}

Result<Done> mlock(Task& task, Address address, Length length) { return lock(task, address, length, Locking::at_once); }
Result<Done> mlock2(Task& task, Address address, Length length, Flags<LockFlag> flags) { return lock(task, address, length, locking_of(flags.has(LockFlag::on_fault))); }
Result<Done> munlock(Task& task, Address address, Length length) {
  TRY(apply(task, range_of(address, length), Locking::none));
  return Done{};
}

Result<Done> mlockall(Task& task, Flags<LockAllFlag> flags) {
  const bool current = flags.has(LockAllFlag::current), future = flags.has(LockAllFlag::future);
  if (!current && !future) return fail(Errno::inval);
  TRY(may_lock(task));
  AddressSpace& space = task.space();
  if (current && space.extent(0, 0).pages > limit_in_pages(task)) return fail(Errno::nomem);
  const Locking locking = locking_of(flags.has(LockAllFlag::on_fault));
  space.future = future ? locking : Locking::none;
  if (!current) return Done{};
  space.lock_all(locking);
  // A page that does not come now comes when it is touched.
  static_cast<void>(space.populate(0, user_limit >> page_shift));
  return Done{};
}

Result<Done> munlockall(Task& task) {
  task.space().future = Locking::none;
  task.space().lock_all(Locking::none);
  return Done{};
}

}  // namespace cupel::linux_shim
