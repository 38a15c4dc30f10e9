#include "shims/linux/syscalls/path.hh"

#include "libos/fd/fd_table.hh"
#include "libos/fs/fs_context.hh"
#include "libos/machine/machine.hh"

namespace cupel::linux_shim {

using namespace libos;

Result<> PathArgument::read(Task& task, UserPath path) {
  size_ = TRY(path.read(task.memory(), text_));
  return {};
}

Result<Place> PathArgument::walk_as(Task& task, DirFd from, Follow follow, const Credentials& who, Resolution how) const {
  if (empty()) return fail(Errno::noent);
  if (how.beneath && text_[0] == '/') return fail(Errno::xdev);
  Walker walker{task.fs().root, task.fs().working, &who};
  const bool from_root = text_[0] == '/' && !how.in_root;
  if (!from_root && !from.is_cwd()) {
    Ref<OpenFile> start = TRY(task.fds().get(from.raw));
    Inode* inode = start->inode();
    if (!inode->is_directory()) return fail(Errno::notdir);
    walker.start = Ref<Directory>(static_cast<Directory*>(inode));
  }
  if (how.beneath || how.in_root) walker.root = walker.start;
  walker.confined = how.beneath;
  walker.follows_links = how.follows_links;
  return task.machine().files().walk(walker, text(), follow);
}

Result<Place> PathArgument::walk(Task& task, DirFd from, Follow follow, Resolution how) const { return walk_as(task, from, follow, task.credentials, how); }

Result<Ref<Inode>> PathArgument::find(Task& task, DirFd from, Follow follow, bool allow_empty) const {
  if (empty() && allow_empty) {
    if (from.is_cwd()) return Ref<Inode>(task.fs().working);
    Ref<OpenFile> file = TRY(task.fds().get(from.raw));
    return Ref<Inode>(file->inode());
  }
  Place place = TRY(walk(task, from, follow));
  if (!place.inode) return fail(Errno::noent);
  return place.inode;
}

}  // namespace cupel::linux_shim
