#include "shims/linux/syscalls/sync.hh"

#include "libos/fd/fd_table.hh"
#include "libos/fs/inode.hh"
#include "libos/machine/machine.hh"

namespace cupel::linux_shim {

using namespace libos;

Result<Done> fsync(Task& task, Fd<> fd) {
  Ref<OpenFile> file = TRY(task.fds().get_io(fd.raw));
  if (file->inode()->is_pipe() || file->inode()->is_anonymous()) return fail(Errno::inval);
  return Done{};
}
Result<Done> fdatasync(Task& task, Fd<> fd) { return fsync(task, fd); }

// Of whatever file: each is on some file system.
Result<Done> syncfs(Task& task, Fd<> fd) {
  static_cast<void>(TRY(task.fds().get_io(fd.raw)));
  return Done{};
}

// sync_file_range() of Linux's fs/sync.c.
Result<Done> sync_file_range(Task& task, Fd<> fd, Offset offset, Offset size, Flags<SyncRangeFlag, Unknown::late> flags) {
  Ref<OpenFile> file = TRY(task.fds().get_io(fd.raw));
  TRY(flags.checked());
  int64_t end = 0;
  if (offset.value < 0 || size.value < 0 || __builtin_add_overflow(offset.value, size.value, &end)) return fail(Errno::inval);
  if (file->inode()->is_pipe() || file->inode()->is_anonymous()) return fail(Errno::spipe);
  return Done{};
}

}  // namespace cupel::linux_shim
