#include "shims/linux/syscalls/names.hh"

#include <algorithm>
#include <array>

#include "libos/fd/fd_table.hh"
#include "libos/fs/fs_context.hh"
#include "libos/machine/machine.hh"
#include "shims/linux/syscalls/path.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

FileSystem& files_of(Task& task) { return task.machine().files(); }

Result<Done> do_symlink(Task& task, UserPath user_target, DirFd from, UserPath user_path) {
  PathArgument target, path;
  TRY(target.read(task, user_target));
  if (target.empty()) return fail(Errno::noent);
  TRY(path.read(task, user_path));
  const Place place = TRY(path.walk(task, from, Follow::never));
  TRY(files_of(task).make_symlink(place, task.credentials, target.text()));
  return Done{};
}

Result<Done> do_rename(Task& task, DirFd old_from, UserPath old_user_path, DirFd new_from, UserPath new_user_path, uint32_t flags) {
  constexpr auto exchange = static_cast<uint32_t>(RenameFlag::exchange);
  constexpr auto excluded = static_cast<uint32_t>(RenameFlag::no_replace) | static_cast<uint32_t>(RenameFlag::whiteout);
  if ((flags & exchange) != 0 && (flags & excluded) != 0) return fail(Errno::inval);
  PathArgument old_path, new_path;
  // What is wrong with the first path comes before what is wrong with the second.
  TRY(old_path.read(task, old_user_path));
  const Place from = TRY(old_path.walk(task, old_from, Follow::never));
  TRY(new_path.read(task, new_user_path));
  const Place to = TRY(new_path.walk(task, new_from, Follow::never));
  if ((flags & static_cast<uint32_t>(RenameFlag::whiteout)) != 0) return fail(Errno::inval);
  TRY(files_of(task).rename(from, to, task.credentials, flags));
  return Done{};
}

}  // namespace

Result<Done> mkdirat(Task& task, DirFd from, UserPath user_path, Mode mode) {
  PathArgument path;
  TRY(path.read(task, user_path));
  const Place place = TRY(path.walk(task, from, Follow::never));
  TRY(files_of(task).make_directory(place, task.credentials, mode.value & ~task.fs().umask & 01777));
  return Done{};
}
Result<Done> mkdir(Task& task, UserPath path, Mode mode) { return mkdirat(task, at_cwd, path, mode); }

// mknod(2): of regular files; others are EPERM as on a file system that does not have them, after all that Linux says first.
Result<Done> mknodat(Task& task, DirFd from, UserPath user_path, Flags<NodeMode, Unknown::ignored> mode, Device) {
  using enum NodeMode;
  constexpr auto type_bits = static_cast<uint16_t>(type);
  const auto kind = static_cast<NodeMode>(mode.bits & type_bits);
  const bool is_file = kind == regular || kind == NodeMode{};
  if (kind == directory) return fail(Errno::perm);
  if (!is_file && kind != fifo && kind != character && kind != block && kind != NodeMode::socket) return fail(Errno::inval);
  PathArgument path;
  TRY(path.read(task, user_path));
  const Place place = TRY(path.walk(task, from, Follow::never));
  TRY(files_of(task).may_add(place, task.credentials, false));
  if (!is_file) return fail(Errno::perm);
  TRY(files_of(task).create_file(place, task.credentials, mode.bits & ~task.fs().umask & 07777));
  return Done{};
}
Result<Done> mknod(Task& task, UserPath path, Flags<NodeMode, Unknown::ignored> mode, Device device) { return mknodat(task, at_cwd, path, mode, device); }

Result<Done> rmdir(Task& task, UserPath user_path) {
  PathArgument path;
  TRY(path.read(task, user_path));
  TRY(files_of(task).remove_directory(TRY(path.walk(task, at_cwd, Follow::never)), task.credentials));
  return Done{};
}

Result<Done> unlinkat(Task& task, DirFd from, UserPath user_path, Flags<UnlinkAtFlag> flags) {
  PathArgument path;
  TRY(path.read(task, user_path));
  const Place place = TRY(path.walk(task, from, Follow::never));
  if (has(flags, AtFlag::remove_dir)) TRY(files_of(task).remove_directory(place, task.credentials));
  else TRY(files_of(task).unlink(place, task.credentials));
  return Done{};
}
Result<Done> unlink(Task& task, UserPath path) { return unlinkat(task, at_cwd, path, {}); }

Result<Done> linkat(Task& task, DirFd old_from, UserPath old_user_path, DirFd new_from, UserPath new_user_path, Flags<LinkAtFlag> flags) {
  PathArgument old_path, new_path;
  TRY(old_path.read(task, old_user_path));
  Ref<Inode> inode = TRY(old_path.find(task, old_from, has(flags, AtFlag::symlink_follow) ? Follow::yes : Follow::no, has(flags, AtFlag::empty_path)));
  TRY(new_path.read(task, new_user_path));
  const Place place = TRY(new_path.walk(task, new_from, Follow::never));
  TRY(files_of(task).link(place, task.credentials, inode));
  return Done{};
}
Result<Done> link(Task& task, UserPath old_path, UserPath new_path) { return linkat(task, at_cwd, old_path, at_cwd, new_path, {}); }

Result<Done> symlinkat(Task& task, UserPath target, DirFd from, UserPath path) { return do_symlink(task, target, from, path); }
Result<Done> symlink(Task& task, UserPath target, UserPath path) { return do_symlink(task, target, at_cwd, path); }

Result<uint64_t> readlinkat(Task& task, DirFd from, UserPath user_path, OutBuffer buffer) {
  const auto room = static_cast<int32_t>(buffer.size);
  if (room <= 0) return fail(Errno::inval);
  PathArgument path;
  TRY(path.read(task, user_path));
  Ref<Inode> inode = TRY(path.find(task, from, Follow::no, true));
  // An empty path which names no symlink is ENOENT, any other is EINVAL.
  if (!inode->is_symlink()) return fail(path.empty() ? Errno::noent : Errno::inval);
  const std::string_view target = static_cast<Symlink&>(*inode).target();
  const size_t size = std::min(target.size(), static_cast<size_t>(room));
  TRY(task.memory().write(buffer.address, std::as_bytes(std::span(target.data(), size))));
  inode->accessed = files_of(task).now();
  return size;
}
Result<uint64_t> readlink(Task& task, UserPath path, OutBuffer buffer) { return readlinkat(task, at_cwd, path, buffer); }

Result<Done> renameat2(Task& task, DirFd old_from, UserPath old_path, DirFd new_from, UserPath new_path, Flags<RenameFlag> flags) {
  return do_rename(task, old_from, old_path, new_from, new_path, flags.bits);
}
Result<Done> renameat(Task& task, DirFd old_from, UserPath old_path, DirFd new_from, UserPath new_path) {
  return do_rename(task, old_from, old_path, new_from, new_path, 0);
}
Result<Done> rename(Task& task, UserPath old_path, UserPath new_path) { return do_rename(task, at_cwd, old_path, at_cwd, new_path, 0); }

Result<uint64_t> getcwd(Task& task, OutBuffer buffer) {
  // Built from its end: each parent's name goes in front.
  std::array<char, path_size_max> text;
  size_t at = text.size() - 1;
  text[at] = '\0';
  const Directory* directory = task.fs().working.get();
  if (directory->removed) return fail(Errno::noent);
  for (; directory->parent; directory = directory->parent.get()) {
    std::string_view name;
    for (Entry* entry = directory->parent->at_or_before(Directory::end_cookie); entry != nullptr; entry = directory->parent->at_or_before(entry->cookie - 1)) {
      if (entry->inode == directory) name = entry->name();
    }
    if (name.empty()) return fail(Errno::noent);  // somewhere above, a directory was removed
    if (at < name.size() + 1) return fail(Errno::nametoolong);
    at -= name.size();
    std::copy(name.begin(), name.end(), text.begin() + static_cast<ptrdiff_t>(at));
    text[--at] = '/';
  }
  if (at == text.size() - 1) text[--at] = '/';
  const size_t size = text.size() - at;
  if (buffer.size < size) return fail(Errno::range);
  TRY(task.memory().write(buffer.address, std::as_bytes(std::span(text).subspan(at))));
  return size;
}

Result<Done> chdir(Task& task, UserPath user_path) {
  PathArgument path;
  TRY(path.read(task, user_path));
  Ref<Inode> inode = TRY(path.find(task, at_cwd, Follow::yes));
  if (!inode->is_directory()) return fail(Errno::notdir);
  TRY(inode->allow(task.credentials, Permission::execute));
  task.fs().working = Ref<Directory>(static_cast<Directory*>(inode.get()));
  return Done{};
}

Result<Done> fchdir(Task& task, Fd<Resource::directory> fd) {
  Ref<OpenFile> file = TRY(task.fds().get(fd.raw));
  if (!file->inode()->is_directory()) return fail(Errno::notdir);
  TRY(file->inode()->allow(task.credentials, Permission::execute));
  task.fs().working = Ref<Directory>(static_cast<Directory*>(file->inode()));
  return Done{};
}

}  // namespace cupel::linux_shim
