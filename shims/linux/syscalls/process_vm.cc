#include "shims/linux/syscalls/process_vm.hh"

#include <algorithm>
#include <array>

#include "libos/base/iovec.hh"
#include "libos/base/page.hh"
#include "libos/fd/user_cursor.hh"
#include "libos/machine/machine.hh"
#include "libos/mm/address_space.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr size_t parts_max = 1024;  // UIO_MAXIOV

// An iovec array, copied in once.
class Parts {
 public:
  explicit Parts(Task& task) : task_(task) {}
  Parts(const Parts&) = delete;
  ~Parts() {
    if (items_ != nullptr) task_.arena().free(items_, bytes());
  }

  // The caller's own are judged as by readv(2); another's as numbers only: what is wrong with them shows when they are used.
  enum class Of : bool { caller, other };
  Result<> read(uint64_t address, uint64_t wide_count, Of whose) {
    if (wide_count > parts_max) return fail(Errno::inval);
    count_ = wide_count;
    if (count_ == 0) return {};
    items_ = static_cast<IoVec*>(TRY(task_.arena().allocate(bytes())));
    const size_t copied = task_.memory().copy_in(address, std::as_writable_bytes(span()));
    for (const IoVec& part : span().first(copied / sizeof(IoVec))) static_cast<void>(TRY(segment_size<uint64_t>(0, part.size)));
    if (copied < bytes()) return fail(Errno::fault);
    for (IoVec& part : span()) {
      const uint64_t size = whose == Of::caller ? TRY(segment_size<uint64_t>(total_, part.size)) : part.size;
      if (whose == Of::caller) TRY(user_range<uint64_t>(part.base, count_ == 1 ? size : part.size, user_limit));
      part.size = size;
      total_ = size > UINT64_MAX - total_ ? UINT64_MAX : total_ + size;
    }
    return {};
  }
  std::span<IoVec> span() const { return {items_, count_}; }
  uint64_t total() const { return total_; }

 private:
  size_t bytes() const { return count_ * sizeof(IoVec); }

  Task& task_;
  IoVec* items_ = nullptr;
  size_t count_ = 0;
  uint64_t total_ = 0;
};

enum class Way : bool { in, out };  // into the caller's memory, or out of it

// process_vm_rw_single_vec() of Linux's mm/process_vm_access.c: page by page, until a page is missing on either side.
Result<> move(const GuestMemory& remote, const IoVec& part, UserCursor& local, Way way) {
  std::array<std::byte, page_size> page;
  for (uint64_t done = 0; done < part.size && local.remaining() > 0;) {
    const uint64_t at = part.base + done;
    const auto bytes = std::span(page).first(std::min({page_size - at % page_size, part.size - done, local.remaining()}));
    if (at > user_limit || bytes.size() > user_limit - at) return fail(Errno::fault);
    if (way == Way::in) {
      if (remote.copy_in(at, bytes) < bytes.size()) return fail(Errno::fault);
      if (local.put(bytes) < bytes.size()) return fail(Errno::fault);
    } else {
      // The page has to be one that may be written, even where there is nothing to write.
      const size_t taken = local.take(bytes);
      if (remote.copy_out(at, bytes.first(taken)) < taken) {
        local.rewind(taken);
        return fail(Errno::fault);
      }
      if (taken < bytes.size()) return fail(Errno::fault);
    }
    done += bytes.size();
  }
  return {};
}

Result<uint64_t> transfer(Task& task, int32_t pid, Way way, uint64_t local_address, uint64_t local_count, uint64_t remote_address, uint64_t remote_count, uint64_t flags) {
  if (flags != 0) return fail(Errno::inval);
  Parts local(task), remote(task);
  TRY(local.read(local_address, static_cast<uint32_t>(local_count), Parts::Of::caller));
  if (local.total() == 0) return 0;
  TRY(remote.read(remote_address, remote_count, Parts::Of::other));
  if (remote.total() == 0) return 0;
  Task* const other = task.machine().find_named(pid);
  if (other == nullptr || other->state() != Task::State::running) return fail(Errno::srch);
  UserCursor cursor(task.memory(), local.span());
  Result<> moved{};
  for (const IoVec& part : remote.span()) {
    if (cursor.remaining() == 0 || !moved) break;
    moved = move(other->memory(), part, cursor, way);
  }
  return moved || cursor.moved() > 0 ? Result<uint64_t>(cursor.moved()) : fail(moved.error());
}

}  // namespace

Result<uint64_t> process_vm_readv(Task& task, TaskId pid, OutVector local, InVector remote, Size flags) {
  return transfer(task, pid.value, Way::in, local.address, local.count, remote.address, remote.count, flags.value);
}
Result<uint64_t> process_vm_writev(Task& task, TaskId pid, InVector local, OutVector remote, Size flags) {
  return transfer(task, pid.value, Way::out, local.address, local.count, remote.address, remote.count, flags.value);
}

}  // namespace cupel::linux_shim
