#include "shims/linux/syscalls/open.hh"

#include <algorithm>
#include <array>

#include "libos/base/page.hh"
#include "libos/fd/fd_table.hh"
#include "libos/fs/file_handle.hh"
#include "libos/fs/fs_context.hh"
#include "libos/machine/machine.hh"
#include "shims/linux/syscalls/path.hh"
#include "shims/linux/syscalls/sized.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr uint32_t bit(OpenFlag flag) { return static_cast<uint32_t>(flag); }
constexpr bool has(uint32_t flags, OpenFlag flag) { return (flags & bit(flag)) == bit(flag); }

constexpr uint32_t not_kept = bit(OpenFlag::create) | bit(OpenFlag::exclusive) | bit(OpenFlag::no_ctty) | bit(OpenFlag::truncate) | bit(OpenFlag::cloexec);
constexpr uint32_t path_keeps = bit(OpenFlag::directory) | bit(OpenFlag::no_follow) | bit(OpenFlag::path) | bit(OpenFlag::cloexec);
constexpr uint32_t tmpfile_bit = bit(OpenFlag::tmpfile) & ~bit(OpenFlag::directory);

// build_open_flags() of Linux's fs/open.c: unknown bits are dropped; and which combinations are none.
Result<uint32_t> checked_flags(uint32_t flags) {
  flags &= OpenFlags::known | bit(OpenFlag::async);
  if (has(flags, OpenFlag::path)) flags &= path_keeps;
  if (has(flags, OpenFlag::create) && has(flags, OpenFlag::directory)) return fail(Errno::inval);
  if ((flags & tmpfile_bit) != 0) {
    if (!has(flags, OpenFlag::tmpfile) || (flags & 3) == 0) return fail(Errno::inval);
  }
  if ((flags & bit(OpenFlag::sync) & ~bit(OpenFlag::dsync)) != 0) flags |= bit(OpenFlag::dsync);  // half of O_SYNC is all of it
  return flags;
}

// What the access mode and O_TRUNC ask of the file.
Permission wanted(uint32_t flags) {
  constexpr Permission by_mode[4] = {Permission::read, Permission::write, Permission::read | Permission::write, Permission::read | Permission::write};
  const Permission mode = by_mode[flags & 3];
  return has(flags, OpenFlag::truncate) ? mode | Permission::write : mode;
}
constexpr bool writes(Permission permission) { return (static_cast<uint32_t>(permission) & static_cast<uint32_t>(Permission::write)) != 0; }

// may_open() of fs/namei.c.
Result<> may_open(Task& task, Inode& inode, uint32_t flags) {
  if (inode.is_symlink()) return fail(Errno::loop);
  if (inode.is_directory() && writes(wanted(flags))) return fail(Errno::isdir);
  TRY(inode.allow(task.credentials, wanted(flags)));
  if (has(flags, OpenFlag::no_atime) && !inode.owned_by(task.credentials)) return fail(Errno::perm);
  return {};
}

Result<Ref<Inode>> existing_or_new(Task& task, DirFd from, const PathArgument& path, uint32_t flags, uint32_t mode, Resolution how) {
  FileSystem& files = task.machine().files();
  const bool creates = has(flags, OpenFlag::create);
  const bool exclusive = creates && has(flags, OpenFlag::exclusive);
  const bool follows = !has(flags, OpenFlag::no_follow) && !exclusive;
  const Follow follow = creates ? (follows ? Follow::create : Follow::never) : follows ? Follow::yes : Follow::no;
  if (has(flags, OpenFlag::tmpfile)) {
    Ref<Inode> directory = TRY(path.walk(task, from, follows ? Follow::yes : Follow::no, how)).inode;
    if (!directory) return fail(Errno::noent);
    if (!directory->is_directory()) return fail(Errno::notdir);
    TRY(directory->allow(task.credentials, Permission::write | Permission::execute));
    return files.create_nameless(static_cast<Directory&>(*directory), task.credentials, mode & ~task.fs().umask & 07777);
  }
  Place place = TRY(path.walk(task, from, follow, how));
  // A name with a slash behind it cannot be a new file's, whatever it is now.
  if (creates && place.last == Place::Last::name && place.trailing_slash) return fail(Errno::isdir);
  TRY(place.lookup);
  if (!place.inode) {
    if (!creates || place.parent->removed) return fail(Errno::noent);
    TRY(place.parent->allow(task.credentials, Permission::write | Permission::execute));
    return files.create_file(place, task.credentials, mode & ~task.fs().umask & 07777);
  }
  if (exclusive) return fail(Errno::exist);
  if (creates && place.inode->is_directory()) return fail(Errno::isdir);
  if (has(flags, OpenFlag::path)) {
    if (has(flags, OpenFlag::directory) && !place.inode->is_directory()) return fail(Errno::notdir);
    return place.inode;
  }
  if (place.inode->is_symlink()) return fail(has(flags, OpenFlag::directory) ? Errno::notdir : Errno::loop);
  if (has(flags, OpenFlag::directory) && !place.inode->is_directory()) return fail(Errno::notdir);
  TRY(may_open(task, *place.inode, flags));
  if (has(flags, OpenFlag::direct) && place.inode->is_directory()) return fail(Errno::inval);  // FMODE_CAN_ODIRECT
  return place.inode;
}

Result<int32_t> do_open(Task& task, DirFd from, UserPath user_path, uint32_t raw_flags, uint32_t mode, Resolution how = {}) {
  const uint32_t flags = TRY(checked_flags(raw_flags));
  PathArgument path;
  TRY(path.read(task, user_path));
  if (path.empty()) return fail(Errno::noent);
  const int32_t number = TRY(task.fds().reserve());
  FileSystem& files = task.machine().files();
  // The description is made before a file may be, so that a full arena leaves no file behind. Open files are large
  // (O_LARGEFILE) on a 64-bit kernel.
  const uint32_t kept = has(flags, OpenFlag::path) ? flags & ~bit(OpenFlag::cloexec) : (flags & ~not_kept) | bit(OpenFlag::large_file);
  Ref<FileHandle> handle = TRY(make_counted<FileHandle>(task.arena(), files, Ref<Inode>{}, kept));
  Ref<Inode> inode = TRY(existing_or_new(task, from, path, flags, mode, how));
  if (has(flags, OpenFlag::truncate) && inode->is_regular()) {
    auto& file = static_cast<RegularFile&>(*inode);
    TRY(file.resize(0));
    file.modified = file.changed = files.now();
  }
  handle->attach(std::move(inode));
  task.fds().put(number, handle, has(flags, OpenFlag::cloexec) ? CloseOnExec::yes : CloseOnExec::no);
  return number;
}

// build_open_flags() of Linux's fs/open.c, for a caller who gets nothing ignored; EAGAIN where making something cannot be left
// to what is remembered.
Result<> check_how(const OpenHow& how) {
  constexpr uint64_t known = OpenFlags::known | bit(OpenFlag::async), mode_bits = 07777;
  const uint64_t flags = how.flags.bits, resolve = how.resolve.bits;
  const auto resolves = [&](ResolveFlag flag) { return (resolve & static_cast<uint64_t>(flag)) != 0; };
  if ((flags & ~known) != 0 || (resolve & ~(Flags<ResolveFlag>::known)) != 0) return fail(Errno::inval);
  if (resolves(ResolveFlag::beneath) && resolves(ResolveFlag::in_root)) return fail(Errno::inval);
  const bool creates = (flags & (bit(OpenFlag::create) | tmpfile_bit)) != 0;
  if ((how.mode & ~(creates ? mode_bits : 0)) != 0) return fail(Errno::inval);
  static_cast<void>(TRY(checked_flags(static_cast<uint32_t>(flags))));
  const bool is_path = (flags & bit(OpenFlag::path)) != 0;
  if (is_path && (flags & ~uint64_t{path_keeps}) != 0) return fail(Errno::inval);
  if (resolves(ResolveFlag::cached) && (creates || (flags & bit(OpenFlag::truncate)) != 0)) return fail(Errno::again);
  return {};
}

Result<int32_t> install_copy(Task& task, Ref<OpenFile> file, uint32_t lowest, CloseOnExec close_on_exec) {
  const int32_t number = TRY(task.fds().reserve(lowest));
  task.fds().put(number, std::move(file), close_on_exec);
  return number;
}

Result<NewFd<Resource::any>> replace(Task& task, Ref<OpenFile> file, RawFd to, CloseOnExec close_on_exec) {
  if (static_cast<int32_t>(to) < 0) return fail(Errno::badf);
  TRY(task.fds().make_room(static_cast<uint32_t>(to)));
  task.fds().put(static_cast<int32_t>(to), std::move(file), close_on_exec);
  return NewFd<Resource::any>{static_cast<int32_t>(to)};
}

}  // namespace

Result<NewFd<Resource::any>> open(Task& task, UserPath path, OpenFlags flags, Mode mode) {
  return NewFd<Resource::any>{TRY(do_open(task, at_cwd, path, flags.bits, mode.value))};
}
Result<NewFd<Resource::any>> openat(Task& task, DirFd from, UserPath path, OpenFlags flags, Mode mode) {
  return NewFd<Resource::any>{TRY(do_open(task, from, path, flags.bits, mode.value))};
}
Result<NewFd<Resource::file>> creat(Task& task, UserPath path, Mode mode) {
  return NewFd<Resource::file>{TRY(do_open(task, at_cwd, path, bit(OpenFlag::create) | bit(OpenFlag::write_only) | bit(OpenFlag::truncate), mode.value))};
}

Result<NewFd<Resource::any>> openat2(Task& task, DirFd from, UserPath path, UserSized<OpenHow> how, OpenHowSize size) {
  const OpenHow given = TRY(read_sized(task, how, size.value));
  TRY(check_how(given));
  const auto resolves = [&](ResolveFlag flag) { return (given.resolve.bits & static_cast<uint64_t>(flag)) != 0; };
  const Resolution resolution{.beneath = resolves(ResolveFlag::beneath), .in_root = resolves(ResolveFlag::in_root), .follows_links = !resolves(ResolveFlag::no_symlinks)};
  const auto opened = do_open(task, from, path, static_cast<uint32_t>(given.flags.bits), static_cast<uint32_t>(given.mode), resolution);
  // Only what is there is remembered.
  if (!opened && opened.error() == Errno::noent && resolves(ResolveFlag::cached)) return fail(Errno::again);
  return NewFd<Resource::any>{TRY(opened)};
}

Result<Done> close(Task& task, Fd<> fd) {
  TRY(task.fds().close(fd.raw));
  return Done{};
}

Result<Done> close_range(Task& task, Int first, Int last, Flags<CloseRangeFlag> flags) {
  const auto from = static_cast<uint32_t>(first.value), to = static_cast<uint32_t>(last.value);
  if (from > to) return fail(Errno::inval);
  if (flags.has(CloseRangeFlag::unshare)) TRY(task.unshare_fds());
  FdTable& fds = task.fds();
  for (uint64_t number = from; number <= to && number < fds.slot_count(); ++number) {
    if (fds.at(static_cast<uint32_t>(number)) == nullptr) continue;
    const RawFd raw{static_cast<int32_t>(number)};
    TRY(flags.has(CloseRangeFlag::cloexec) ? fds.set_close_on_exec(raw, CloseOnExec::yes) : fds.close(raw));
  }
  return Done{};
}

Result<NewFd<Resource::any>> dup(Task& task, Fd<> fd) {
  Ref<OpenFile> file = TRY(task.fds().get(fd.raw));
  return NewFd<Resource::any>{TRY(install_copy(task, std::move(file), 0, CloseOnExec::no))};
}

Result<NewFd<Resource::any>> dup2(Task& task, Fd<> fd, Fd<> to) {
  Ref<OpenFile> file = TRY(task.fds().get(fd.raw));
  if (fd.raw == to.raw) return NewFd<Resource::any>{static_cast<int32_t>(to.raw)};
  return replace(task, std::move(file), to.raw, CloseOnExec::no);
}

Result<NewFd<Resource::any>> dup3(Task& task, Fd<> fd, Fd<> to, Flags<DupFlag> flags) {
  if (fd.raw == to.raw) return fail(Errno::inval);
  // A number beyond the limit is EBADF before the old one is looked at.
  if (static_cast<uint32_t>(to.raw) >= task.fds().descriptors_max()) return fail(Errno::badf);
  Ref<OpenFile> file = TRY(task.fds().get(fd.raw));
  return replace(task, std::move(file), to.raw, flags.has(DupFlag::cloexec) ? CloseOnExec::yes : CloseOnExec::no);
}

Result<uint64_t> fcntl(Task& task, Fd<> fd, Choice<FcntlCommand> command, Int argument) {
  Ref<OpenFile> file = TRY(task.fds().get(fd.raw));
  const auto which = static_cast<FcntlCommand>(command.raw);
  if (file->has(OpenFlag::path) && (which == FcntlCommand::set_fl || !command.get())) return fail(Errno::badf);
  switch (TRY(command.get())) {
    case FcntlCommand::dup_fd:
    case FcntlCommand::dup_fd_cloexec: {
      if (static_cast<uint32_t>(argument.value) >= task.fds().descriptors_max()) return fail(Errno::inval);
      const CloseOnExec mark = which == FcntlCommand::dup_fd_cloexec ? CloseOnExec::yes : CloseOnExec::no;
      return static_cast<uint64_t>(TRY(install_copy(task, std::move(file), static_cast<uint32_t>(argument.value), mark)));
    }
    case FcntlCommand::get_fd: return TRY(task.fds().close_on_exec(fd.raw)) == CloseOnExec::yes ? 1 : 0;
    case FcntlCommand::set_fd:
      TRY(task.fds().set_close_on_exec(fd.raw, (argument.value & 1) != 0 ? CloseOnExec::yes : CloseOnExec::no));
      return 0;
    case FcntlCommand::get_fl: return file->flags();
    case FcntlCommand::set_fl: {
      constexpr uint32_t settable = bit(OpenFlag::append) | bit(OpenFlag::nonblock) | bit(OpenFlag::direct) | bit(OpenFlag::no_atime);
      const auto wanted_flags = static_cast<uint32_t>(argument.value);
      const bool gains_no_atime = has(wanted_flags, OpenFlag::no_atime) && !file->has(OpenFlag::no_atime);
      if (gains_no_atime && !file->inode()->owned_by(task.credentials)) return fail(Errno::perm);
      // FMODE_CAN_ODIRECT; a pipe takes it for packets.
      const bool can_direct = file->inode()->is_regular() || file->inode()->is_pipe();
      if (has(wanted_flags, OpenFlag::direct) && !can_direct) return fail(Errno::inval);
      // Signals for readiness are a pipe's to send.
      const uint32_t changed = file->inode()->is_pipe() ? settable | bit(OpenFlag::async) : settable;
      file->set_flags((file->flags() & ~changed) | (wanted_flags & changed));
      return 0;
    }
  }
  return fail(Errno::inval);
}

}  // namespace cupel::linux_shim
