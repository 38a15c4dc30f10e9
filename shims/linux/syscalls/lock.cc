#include "shims/linux/syscalls/lock.hh"

#include "libos/fd/fd_table.hh"
#include "libos/machine/machine.hh"

namespace cupel::linux_shim {

using namespace libos;

Result<Done> flock(Task& task, Fd<> fd, Flags<FlockOperation, Unknown::ignored> operation) {
  if (operation.has(FlockOperation::mandatory)) return Done{};  // of no effect since Linux 5.17, on whatever descriptor
  constexpr auto no_wait = static_cast<uint32_t>(FlockOperation::no_wait);
  LockKind kind = LockKind::none;
  switch (static_cast<FlockOperation>(operation.bits & ~no_wait)) {
    case FlockOperation::shared: kind = LockKind::shared; break;
    case FlockOperation::exclusive: kind = LockKind::exclusive; break;
    case FlockOperation::unlock: break;
    default: return fail(Errno::inval);
  }
  Ref<OpenFile> file = TRY(task.fds().get_io(fd.raw));
  if (kind != LockKind::none && !file->readable() && !file->writable()) return fail(Errno::badf);
  TRY(task.machine().file_locks().set(task, *file, kind, operation.has(FlockOperation::no_wait) ? Waits::no : Waits::yes));
  return Done{};
}

}  // namespace cupel::linux_shim
