#include "shims/linux/syscalls/memory.hh"

#include <algorithm>
#include <array>

#include "libos/base/file_range.hh"
#include "libos/base/page.hh"
#include "libos/fd/fd_table.hh"
#include "libos/fs/file_handle.hh"
#include "libos/machine/machine.hh"
#include "libos/mm/address_space.hh"
#include "libos/mm/shared_memory.hh"
#include "libos/task/process.hh"
#include "shims/linux/syscalls/mlock.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;
using platform::Access;

constexpr uint64_t lowest_address = 65536;  // vm.mmap_min_addr
constexpr uint64_t type_mask = 0xf;

// What x86-64 can write or execute it can read (there are no protection keys here, which could take that away).
Access access_of(uint64_t protection) {
  const uint64_t wanted = protection & 7;
  return static_cast<Access>(wanted == 0 ? 0 : wanted | 1);
}

// How much of a range lies where mappings can be. mprotect(2) and madvise(2) of Linux do not look at a range's end: they do
// what lies before the first hole, or around the holes, and then say ENOMEM.
uint64_t usable_size(uint64_t address, uint64_t size) { return std::min(size, user_limit - address); }

constexpr bool has(uint64_t flags, MapFlag flag) { return (flags & static_cast<uint64_t>(flag)) != 0; }

// file_mmap_ok() of Linux's mm/mmap.c: the end of a regular file's mapping is a file offset, any other's a number.
Result<> within_file(const OpenFile& file, uint64_t first_page, uint64_t size) {
  const bool regular = file.inode()->is_regular();
  const uint64_t end_max = regular ? static_cast<uint64_t>(file_offset_max) : UINT64_MAX;
  return first_page > (end_max - size) >> page_shift ? fail(Errno::overflow) : Result<>{};
}

// What stands behind the new mapping, as do_mmap() of Linux's mm/mmap.c judges it.
Result<> choose_object(Task& task, const Ref<OpenFile>& file, uint64_t flags, uint64_t protection, AddressSpace::Mapping& mapping) {
  const auto type = static_cast<MapFlag>(flags & type_mask);
  mapping.shared = type == MapFlag::shared || type == MapFlag::shared_validate;
  if (!file) {
    if (type != MapFlag::shared && type != MapFlag::priv) return fail(Errno::inval);
    if (mapping.shared && has(flags, MapFlag::grows_down)) return fail(Errno::inval);
    if (mapping.shared) mapping.object = TRY(make_counted<SharedMemory>(task.arena(), task.arena()));
    return {};
  }
  if (type != MapFlag::shared && type != MapFlag::priv && type != MapFlag::shared_validate) return fail(Errno::inval);
  // LEGACY_MAP_MASK: what MAP_SHARED has always taken. MAP_32BIT, MAP_ABOVE4G, MAP_UNINITIALIZED and the sizes of
  // huge pages are hints; MAP_GROWSDOWN is judged below.
  constexpr uint64_t hints = 0xc0 | 0x7c00'0000;
  constexpr uint64_t legacy = (Flags<MapFlag>::known & ~static_cast<uint64_t>(MapFlag::fixed_no_replace)) | static_cast<uint64_t>(MapFlag::grows_down) | hints;
  if (type == MapFlag::shared_validate && (flags & ~legacy) != 0) return fail(Errno::opnotsupp);
  if (mapping.shared && (protection & 2) != 0 && !file->writable()) return fail(Errno::acces);
  if (!file->readable()) return fail(Errno::acces);
  const Inode& inode = *file->inode();
  if ((protection & 4) != 0 && (inode.is_pipe() || inode.is_anonymous())) return fail(Errno::perm);  // as from a file system mounted noexec
  if (!inode.is_regular()) return fail(Errno::nodev);
  if (has(flags, MapFlag::grows_down)) return fail(Errno::inval);
  mapping.may_write = !mapping.shared || file->writable();
  mapping.object = Ref<Mappable>(file->inode());
  return {};
}

// A break that moves up maps pages as mmap(2) does.
bool may_lock_break(Task& task, uint64_t address) {
  const uint64_t old_end = (task.space().brk() + page_size - 1) >> page_shift, new_end = (address >> page_shift) + (address % page_size != 0);
  return new_end <= old_end || may_lock_future(task, task.space().future, new_end - old_end).has_value();
}

}  // namespace

Result<Mapped> mmap(Task& task, Address address, Length length, Flags<ProtectionBit, Unknown::ignored> protection, Flags<MapFlag, Unknown::late> flags, Fd<> fd, Offset offset) {
  const auto file_offset = static_cast<uint64_t>(offset.value);
  if (file_offset % page_size != 0) return fail(Errno::inval);
  Ref<OpenFile> file;
  if (!has(flags.bits, MapFlag::anonymous)) file = TRY(task.fds().get_io(fd.raw));
  if (has(flags.bits, MapFlag::huge)) return fail(Errno::inval);  // no huge pages here, as on a kernel without them
  if (length.value == 0) return fail(Errno::inval);
  const uint64_t size = TRY(page_ceil(length.value));
  const uint64_t pages = size >> page_shift, first_page = file_offset >> page_shift;
  if (first_page + pages < first_page) return fail(Errno::overflow);
  if (size > user_limit) return fail(Errno::nomem);
  AddressSpace& space = task.space();
  AddressSpace::Mapping mapping{.start = 0, .pages = pages, .access = access_of(protection.bits)};
  const bool no_replace = has(flags.bits, MapFlag::fixed_no_replace);
  if (no_replace || has(flags.bits, MapFlag::fixed)) {
    if (address.value > user_limit - size) return fail(Errno::nomem);
    if (address.value % page_size != 0) return fail(Errno::inval);
    if (address.value < lowest_address) return fail(Errno::perm);
    mapping.start = address.value >> page_shift;
    if (no_replace && space.overlaps(mapping.start, pages)) return fail(Errno::exist);
  } else {
    // A hint below the least address is raised to it; one that does not fit is only a hint.
    const uint64_t hint = page_ceil(address.value).value_or(0);
    mapping.start = TRY(space.find_free((hint < lowest_address ? 0 : hint) >> page_shift, pages));
  }
  if (has(flags.bits, MapFlag::locked) && task.process().limits.soft(LimitOf::locked) == 0) return fail(Errno::perm);
  mapping.locking = space.future != Locking::none ? space.future : has(flags.bits, MapFlag::locked) ? Locking::at_once : Locking::none;
  TRY(may_lock_future(task, mapping.locking, pages));
  if (file) TRY(within_file(*file, first_page, size));
  TRY(choose_object(task, file, flags.bits, protection.bits, mapping));
  mapping.object_start = file ? first_page : 0;
  TRY(task.may_map(mapping.start, pages, !mapping.shared && allows(mapping.access, Access::write)));
  TRY(space.map(mapping));
  // A page that does not come now comes when it is touched.
  if (mapping.locking != Locking::none) static_cast<void>(space.populate(mapping.start, pages));
  return Mapped{mapping.start << page_shift};
}

Result<Done> munmap(Task& task, Address address, Length length) {
  if (address.value % page_size != 0) return fail(Errno::inval);
  if (address.value > user_limit || length.value > user_limit - address.value) return fail(Errno::inval);
  const uint64_t size = TRY(page_ceil(length.value));
  if (size == 0) return fail(Errno::inval);
  TRY(task.space().unmap(address.value >> page_shift, size >> page_shift));
  return Done{};
}

Result<Done> mprotect(Task& task, Address address, Length length, Flags<ProtectionBit, Unknown::late> protection) {
  constexpr uint64_t grows_down = 0x0100'0000, grows_up = 0x0200'0000, grows = grows_down | grows_up;
  if ((protection.bits & grows) == grows) return fail(Errno::inval);
  if (address.value % page_size != 0) return fail(Errno::inval);
  if (length.value == 0) return Done{};
  const uint64_t size = page_ceil(length.value).value_or(0);
  if (size == 0 || address.value + size <= address.value) return fail(Errno::nomem);
  if ((protection.bits & ~grows & ~(Flags<ProtectionBit>::known)) != 0) return fail(Errno::inval);
  if (address.value > user_limit) return fail(Errno::nomem);
  if ((protection.bits & grows) != 0) {
    // Only a stack's mapping grows, and there is none; where nothing is mapped that is what is wrong.
    const uint64_t looked_at = (protection.bits & grows_down) != 0 ? size >> page_shift : 1;
    return fail(task.space().overlaps(address.value >> page_shift, looked_at) ? Errno::inval : Errno::nomem);
  }
  const uint64_t usable = usable_size(address.value, size);
  TRY(task.space().protect(address.value >> page_shift, usable >> page_shift, access_of(protection.bits)));
  return usable < size ? fail(Errno::nomem) : Result<Done>{Done{}};
}

Result<Done> madvise(Task& task, Address address, Length length, Choice<Advice> advice) {
  const Advice what = TRY(advice.get());
  if (address.value % page_size != 0) return fail(Errno::inval);
  const uint64_t size = page_ceil(length.value).value_or(0);
  if (length.value != 0 && size == 0) return fail(Errno::inval);
  if (address.value + size < address.value) return fail(Errno::inval);
  if (size == 0) return Done{};
  if (address.value > user_limit) return fail(Errno::nomem);
  const uint64_t usable = usable_size(address.value, size);
  const uint64_t start = address.value >> page_shift, pages = usable >> page_shift;
  if (what == Advice::dont_need) TRY(task.space().discard(start, pages));
  else if (!task.space().mapped(start, pages)) return fail(Errno::nomem);
  return usable < size ? fail(Errno::nomem) : Result<Done>{Done{}};
}

Result<Done> msync(Task& task, Address address, Length length, Flags<SyncFlag, Unknown::late> flags) {
  TRY(flags.checked());
  if (address.value % page_size != 0) return fail(Errno::inval);
  if (flags.has(SyncFlag::async) && flags.has(SyncFlag::sync)) return fail(Errno::inval);
  const uint64_t size = page_ceil(length.value).value_or(0);
  if (address.value + size < address.value) return fail(Errno::nomem);
  if (size == 0) return Done{};
  // What is locked is found to be so wherever else there is nothing.
  if (flags.has(SyncFlag::invalidate) && task.space().locked_pages(address.value >> page_shift, size >> page_shift) > 0) return fail(Errno::busy);
  if (address.value > user_limit || size > user_limit - address.value) return fail(Errno::nomem);
  if (!task.space().mapped(address.value >> page_shift, size >> page_shift)) return fail(Errno::nomem);
  return Done{};
}

Result<Done> mincore(Task& task, Address address, Length length, UserOut<uint8_t> out) {
  if (address.value % page_size != 0) return fail(Errno::inval);
  if (address.value > user_limit || length.value > user_limit - address.value) return fail(Errno::nomem);
  const uint64_t pages = TRY(page_ceil(length.value)) >> page_shift;
  TRY(user_range<uint64_t>(out.address, pages, user_limit));
  std::array<std::byte, 256> chunk;
  for (uint64_t done = 0; done < pages;) {
    uint64_t count = std::min<uint64_t>(pages - done, chunk.size());
    // What lies before a hole is told, and may fault, before the hole is found.
    if (!task.space().mapped((address.value >> page_shift) + done, count)) count = 1;
    TRY(task.space().resident((address.value >> page_shift) + done, count, chunk.data()));
    TRY(task.memory().write(out.address + done, std::span(chunk).first(count)));
    done += count;
  }
  return Done{};
}

Result<Mapped> brk(Task& task, Address address) {
  if (!task.may_break(address.value) || !may_lock_break(task, address.value)) return Mapped{task.space().brk()};
  return Mapped{TRY(task.space().set_break(address.value))};
}

}  // namespace cupel::linux_shim
