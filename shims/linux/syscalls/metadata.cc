#include "shims/linux/syscalls/metadata.hh"

#include "libos/base/file_range.hh"
#include "libos/fd/fd_table.hh"
#include "libos/fs/fs_context.hh"
#include "libos/machine/machine.hh"
#include "shims/linux/syscalls/path.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr uint32_t unchanged = ~0u;           // chown(2): leave this id as it is

template <class E, Unknown unknown>
Follow follow(Flags<E, unknown> flags) {
  return has(flags, AtFlag::symlink_no_follow) ? Follow::no : Follow::yes;
}

Result<Done> put_stat(Task& task, const Stat& stat, UserOut<RawStat> out) {
  TRY(out.write(task.memory(), std::bit_cast<RawStat>(stat)));
  return Done{};
}

// vfs_fstatat() of Linux's fs/stat.c: flags are looked at only where there is a path to walk, and before it is.
Result<Stat> stat_path(Task& task, DirFd from, UserPath user_path, Flags<StatAtFlag, Unknown::late> flags) {
  const bool allow_empty = has(flags, AtFlag::empty_path);
  PathArgument path;
  Result<> read{};
  if (!allow_empty || user_path.address != 0) read = path.read(task, user_path);  // no path at all is an empty one, since Linux 6.11
  if (read && path.empty() && allow_empty && static_cast<int32_t>(from.raw) >= 0) return TRY(task.fds().get(from.raw))->stat();
  TRY(flags.checked());
  TRY(read);
  return TRY(path.find(task, from, follow(flags), allow_empty))->stat();
}

// A device number's halves, as makedev(3) puts them together.
constexpr uint32_t major_of(uint64_t device) { return static_cast<uint32_t>((device >> 8 & 0xfff) | (device >> 32 & 0xffff'f000)); }
constexpr uint32_t minor_of(uint64_t device) { return static_cast<uint32_t>((device & 0xff) | (device >> 12 & 0xffff'ff00)); }

// When a file was made, and all that is not in `known`, is not kept.
RawStatx extended(const Stat& stat) {
  constexpr uint32_t basic = 0x7ff;  // STATX_BASIC_STATS
  RawStatx out{};
  out.known = basic;
  out.block_size = static_cast<uint32_t>(stat.block_size);
  out.link_count = static_cast<uint32_t>(stat.link_count);
  out.uid = stat.uid, out.gid = stat.gid;
  out.mode = static_cast<uint16_t>(stat.mode);
  out.inode = stat.inode;
  out.size = static_cast<uint64_t>(stat.size);
  out.block_count = static_cast<uint64_t>(stat.block_count);
  out.accessed = stat.accessed.seconds, out.accessed_nanoseconds = static_cast<uint64_t>(stat.accessed.nanoseconds);
  out.changed = stat.changed.seconds, out.changed_nanoseconds = static_cast<uint64_t>(stat.changed.nanoseconds);
  out.modified = stat.modified.seconds, out.modified_nanoseconds = static_cast<uint64_t>(stat.modified.nanoseconds);
  out.represented_major = major_of(stat.represented_device), out.represented_minor = minor_of(stat.represented_device);
  out.device_major = major_of(stat.device), out.device_minor = minor_of(stat.device);
  return out;
}

Result<Done> do_access(Task& task, DirFd from, UserPath user_path, uint32_t mode, Follow how, bool effective, bool allow_empty) {
  PathArgument path;
  TRY(path.read(task, user_path));
  Credentials who = task.credentials;
  if (!effective) who.euid = who.uid, who.egid = who.gid;  // access(2) asks for the real ids
  Ref<Inode> inode;
  if (path.empty() && allow_empty) {
    inode = TRY(path.find(task, from, how, true));
  } else {
    const Place place = TRY(path.walk_as(task, from, how, who));
    if (!place.inode) return fail(Errno::noent);
    inode = place.inode;
  }
  if (mode != 0) TRY(inode->allow(who, static_cast<Permission>(mode)));
  return Done{};
}

Result<Done> set_mode(Task& task, Inode& inode, uint32_t mode) {
  if (inode.is_symlink() || inode.is_anonymous()) return fail(Errno::opnotsupp);
  if (!inode.owned_by(task.credentials)) return fail(Errno::perm);
  uint32_t bits = mode & 07777;
  if (task.credentials.euid != 0 && task.credentials.egid != inode.gid) bits &= ~02000u;  // not one's own group: no set-group-id
  inode.mode = (inode.mode & ~07777u) | bits;
  inode.changed = task.machine().files().now();
  return Done{};
}

Result<Done> set_owner(Task& task, Inode& inode, uint32_t user, uint32_t group) {
  if (inode.is_anonymous()) return fail(Errno::opnotsupp);
  const Credentials& who = task.credentials;
  const bool user_allowed = user == unchanged || who.euid == 0 || (who.euid == inode.uid && user == inode.uid);
  const bool group_allowed = group == unchanged || who.euid == 0 || (who.euid == inode.uid && (group == who.egid || group == inode.gid));
  if (!user_allowed || !group_allowed) return fail(Errno::perm);
  if (user != unchanged) inode.uid = user;
  if (group != unchanged) inode.gid = group;
  // A new owner does not inherit the right to run as the old one. A set-group-id without group execute is a lock mark.
  if (!inode.is_directory()) inode.mode &= (inode.mode & 010) != 0 ? ~06000u : ~04000u;
  inode.changed = task.machine().files().now();
  return Done{};
}

Result<Done> set_size(Task& task, Inode& inode, int64_t size) {
  auto& file = static_cast<RegularFile&>(inode);
  // Who only cuts off may, whatever the limit.
  if (static_cast<uint64_t>(size) > std::max(task.file_size_max(), file.size())) return fail(Errno::fbig);
  TRY(file.resize(static_cast<uint64_t>(size)));
  file.modified = file.changed = task.machine().files().now();
  if (task.credentials.euid != 0) file.mode &= (file.mode & 010) != 0 ? ~06000u : ~04000u;
  return Done{};
}

// What vfs_fallocate() of Linux's fs/open.c takes for a mode, whether or not a file system has it: one of them at a time.
bool is_mode(uint32_t bits) {
  constexpr uint32_t keep_size = 1, punch_hole = 2, collapse_range = 8, zero_range = 0x10, insert_range = 0x20, unshare_range = 0x40, write_zeroes = 0x80;
  const bool keeps = (bits & keep_size) != 0;
  switch (bits & ~keep_size) {
    case 0:
    case zero_range:
    case unshare_range: return true;
    case punch_hole: return keeps;
    case collapse_range:
    case insert_range:
    case write_zeroes: return !keeps;
    default: return false;
  }
}

}  // namespace

Result<Done> stat(Task& task, UserPath path, UserOut<RawStat> out) { return put_stat(task, TRY(stat_path(task, at_cwd, path, {})), out); }
Result<Done> lstat(Task& task, UserPath path, UserOut<RawStat> out) {
  return put_stat(task, TRY(stat_path(task, at_cwd, path, {static_cast<uint32_t>(AtFlag::symlink_no_follow)})), out);
}
Result<Done> fstat(Task& task, Fd<> fd, UserOut<RawStat> out) { return put_stat(task, TRY(task.fds().get(fd.raw))->stat(), out); }
Result<Done> newfstatat(Task& task, DirFd from, UserPath path, UserOut<RawStat> out, Flags<StatAtFlag, Unknown::late> flags) {
  return put_stat(task, TRY(stat_path(task, from, path, flags)), out);
}
Result<Done> statx(Task& task, DirFd from, UserPath path, Flags<StatAtFlag, Unknown::late> flags, Flags<StatxMask, Unknown::ignored> mask, UserOut<RawStatx> out) {
  constexpr uint32_t sync_type = 0x6000;  // AT_STATX_SYNC_TYPE: one or the other
  if (mask.has(StatxMask::reserved) || (flags.bits & sync_type) == sync_type) return fail(Errno::inval);
  TRY(out.write(task.memory(), extended(TRY(stat_path(task, from, path, flags)))));
  return Done{};
}

Result<Done> access(Task& task, UserPath path, Flags<AccessMode> mode) { return do_access(task, at_cwd, path, mode.bits, Follow::yes, false, false); }
Result<Done> faccessat(Task& task, DirFd from, UserPath path, Flags<AccessMode> mode) { return do_access(task, from, path, mode.bits, Follow::yes, false, false); }
Result<Done> faccessat2(Task& task, DirFd from, UserPath path, Flags<AccessMode> mode, Flags<AccessAtFlag> flags) {
  return do_access(task, from, path, mode.bits, follow(flags), has(flags, AtFlag::eaccess), has(flags, AtFlag::empty_path));
}

Result<Done> fchmodat2(Task& task, DirFd from, UserPath user_path, Mode mode, Flags<OwnerAtFlag> flags) {
  PathArgument path;
  TRY(path.read(task, user_path));
  return set_mode(task, *TRY(path.find(task, from, follow(flags), has(flags, AtFlag::empty_path))), mode.value);
}
Result<Done> fchmodat(Task& task, DirFd from, UserPath path, Mode mode) { return fchmodat2(task, from, path, mode, {}); }
Result<Done> chmod(Task& task, UserPath path, Mode mode) { return fchmodat(task, at_cwd, path, mode); }
Result<Done> fchmod(Task& task, Fd<> fd, Mode mode) {
  Ref<OpenFile> file = TRY(task.fds().get_io(fd.raw));
  return set_mode(task, *file->inode(), mode.value);
}

Result<Done> fchownat(Task& task, DirFd from, UserPath user_path, UserId user, UserId group, Flags<OwnerAtFlag> flags) {
  PathArgument path;
  TRY(path.read(task, user_path));
  return set_owner(task, *TRY(path.find(task, from, follow(flags), has(flags, AtFlag::empty_path))), user.value, group.value);
}
Result<Done> chown(Task& task, UserPath path, UserId user, UserId group) { return fchownat(task, at_cwd, path, user, group, {}); }
Result<Done> lchown(Task& task, UserPath path, UserId user, UserId group) {
  return fchownat(task, at_cwd, path, user, group, {static_cast<uint32_t>(AtFlag::symlink_no_follow)});
}
Result<Done> fchown(Task& task, Fd<> fd, UserId user, UserId group) {
  Ref<OpenFile> file = TRY(task.fds().get_io(fd.raw));
  return set_owner(task, *file->inode(), user.value, group.value);
}

Result<uint64_t> umask(Task& task, Mode mode) {
  const uint32_t before = task.fs().umask;
  task.fs().umask = mode.value & 0777;
  return before;
}

Result<Done> truncate(Task& task, UserPath user_path, Offset size) {
  if (size.value < 0) return fail(Errno::inval);
  PathArgument path;
  TRY(path.read(task, user_path));
  Ref<Inode> inode = TRY(path.find(task, at_cwd, Follow::yes));
  if (inode->is_directory()) return fail(Errno::isdir);
  if (!inode->is_regular()) return fail(Errno::inval);
  TRY(inode->allow(task.credentials, Permission::write));
  return set_size(task, *inode, size.value);
}

Result<Done> ftruncate(Task& task, Fd<> fd, Offset size) {
  if (size.value < 0) return fail(Errno::inval);
  Ref<OpenFile> file = TRY(task.fds().get_io(fd.raw));
  if (!file->inode()->is_regular() || !file->writable()) return fail(Errno::inval);
  return set_size(task, *file->inode(), size.value);
}

Result<Done> fallocate(Task& task, Fd<> fd, Flags<FallocateMode, Unknown::late> mode, Offset offset, Offset size) {
  Ref<OpenFile> file = TRY(task.fds().get_io(fd.raw));
  if (offset.value < 0 || size.value <= 0) return fail(Errno::inval);
  if (!is_mode(mode.bits)) return fail(Errno::opnotsupp);
  const bool punch = mode.has(FallocateMode::punch_hole);
  if (!file->writable()) return fail(Errno::badf);
  if (file->inode()->is_pipe()) return fail(Errno::spipe);
  if (file->inode()->is_directory()) return fail(Errno::isdir);
  if (!file->inode()->is_regular()) return fail(Errno::nodev);
  auto& regular = static_cast<RegularFile&>(*file->inode());
  const uint64_t begin = static_cast<uint64_t>(offset.value);
  const uint64_t end = TRY(allocation_end<uint64_t>(begin, static_cast<uint64_t>(size.value), task.machine().config().file_size_max));
  if (!mode.checked()) return fail(Errno::opnotsupp);  // a mode that this file system does not have
  if (punch) {
    TRY(regular.punch(begin, end));
  } else {
    const uint64_t first = begin / page_size, last = (end + page_size - 1) / page_size;
    // More than the whole arena holds is ENOSPC at once: not one page is tried.
    if (last - first > task.arena().size() / page_size) return fail(Errno::nospc);
    if (end > std::max(task.file_size_max(), regular.size())) return fail(Errno::fbig);
    TRY(regular.preallocate(first, last));
    if (!mode.has(FallocateMode::keep_size)) regular.grow(end);
  }
  regular.modified = regular.changed = task.machine().files().now();
  return Done{};
}

}  // namespace cupel::linux_shim
