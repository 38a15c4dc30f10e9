#include "shims/linux/syscalls/statfs.hh"

#include "libos/base/page.hh"
#include "libos/fd/fd_table.hh"
#include "libos/machine/machine.hh"
#include "shims/linux/syscalls/path.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr uint64_t tmpfs_magic = 0x0102'1994, pipefs_magic = 0x5049'5045, anonymous_magic = 0x0904'1934;
constexpr uint64_t flags_are_valid = 0x20;  // ST_VALID

RawStatfs figures(Task& task, const Inode& inode) {
  RawStatfs out{};
  out.block_size = out.fragment_size = page_size;
  out.name_size_max = name_size_max;
  out.flags = flags_are_valid;
  out.id = inode.stat().device;
  if (inode.is_pipe() || inode.is_anonymous()) {
    out.type = inode.is_pipe() ? pipefs_magic : anonymous_magic;
    return out;
  }
  // All of the machine's memory may become a file's; what is in use at a moment is nothing that a run should depend on.
  out.type = tmpfs_magic;
  out.blocks = out.blocks_free = out.blocks_available = out.files = out.files_free = task.arena().size() / page_size;
  return out;
}

}  // namespace

Result<Done> statfs(Task& task, UserPath user_path, UserOut<RawStatfs> out) {
  PathArgument path;
  TRY(path.read(task, user_path));
  const Ref<Inode> inode = TRY(path.find(task, at_cwd, Follow::yes));
  TRY(out.write(task.memory(), figures(task, *inode)));
  return Done{};
}

Result<Done> fstatfs(Task& task, Fd<> fd, UserOut<RawStatfs> out) {
  const Ref<OpenFile> file = TRY(task.fds().get(fd.raw));
  TRY(out.write(task.memory(), figures(task, *file->inode())));
  return Done{};
}

}  // namespace cupel::linux_shim
