// open, openat, openat2, creat.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "props/model/rules.hh"
#include "props/model/walk.hh"

namespace cupel::props {
namespace {

constexpr uint32_t direct_path_flags = O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;  // O_PATH ignores all others
constexpr uint32_t creation_flags = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC;
constexpr uint32_t tmpfile_flag = O_TMPFILE & ~O_DIRECTORY;

struct Opening {
  TableId table;
  uint32_t flags;
};

bool has(uint32_t flags, uint32_t wanted) { return (flags & wanted) == wanted; }

void install(World& world, Opening opening, InodeId inode) {
  const FileId file = world.files.make();
  world.files[file].inode = inode;
  world.files[file].flags = opening.flags & ~creation_flags;
  world.files[file].rewound_at = world.entry_serial + 1;
  world.install(opening.table, file, has(opening.flags, O_CLOEXEC));
}

// A new inode in `directory`, whose group it takes over where the directory says so.
InodeId create(World& world, TaskId caller, InodeId directory, uint32_t mode) {
  const uint32_t allowed = ~world.contexts[world.tasks[caller].fs].umask;
  const InodeId inode = world.make_inode(FileType::regular, mode & 07777 & allowed);
  if ((world.inodes[directory].mode & S_ISGID) != 0) world.inodes[inode].group = world.inodes[directory].group;
  return inode;
}

Result<> check_flags(uint32_t flags) {
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (has(flags, O_DIRECTORY | O_CREAT)) return fail(Errno::inval);
  if (has(flags, tmpfile_flag) && (!has(flags, O_DIRECTORY) || !writes)) return fail(Errno::inval);
  return {};
}

Result<> open_path(const Call& call, Allowed& allowed, std::optional<size_t> index, std::string_view path, Opening opening, Scope scope) {
  const Follow follow = has(opening.flags, O_NOFOLLOW) ? Follow::no : Follow::yes;
  const InodeId inode = TRY(inode_of(call, index, path, follow, scope));
  if (has(opening.flags, O_DIRECTORY) && call.at(inode).type != FileType::directory) return fail(Errno::notdir);
  allowed.returns(call.table().lowest_free());
  allowed.then([=](World& world, const Actual&) { install(world, opening, inode); });
  return {};
}

Result<> open_unnamed(const Call& call, Allowed& allowed, std::optional<size_t> index, std::string_view path, Opening opening,
                      uint32_t mode, Scope scope) {
  // Not every file system has files without names.
  allowed.may_fail({Errno::opnotsupp, Errno::isdir, Errno::inval});
  const InodeId directory = TRY(inode_of(call, index, path, has(opening.flags, O_NOFOLLOW) ? Follow::no : Follow::yes, scope));
  if (call.at(directory).type != FileType::directory) return fail(Errno::notdir);
  if (call.at(directory).removed) return fail(Errno::noent);
  allowed.returns(call.table().lowest_free());
  allowed.then([=, caller = call.caller](World& world, const Actual&) {
    const InodeId inode = create(world, caller, directory, mode);
    world.inodes[inode].link_count = 0;
    world.inodes[inode].linkable = !has(opening.flags, O_EXCL);
    install(world, opening, inode);
  });
  return {};
}

Result<> open_existing(const Call& call, Allowed& allowed, Opening opening, const Place& place) {
  const Inode& inode = call.at(place.inode);
  const uint32_t flags = opening.flags;
  const bool is_directory = inode.type == FileType::directory;
  if (has(flags, O_CREAT | O_EXCL)) return fail(Errno::exist);
  if (has(flags, O_CREAT) && is_directory) return fail(Errno::isdir);
  if ((place.slash || has(flags, O_DIRECTORY)) && !is_directory) return fail(Errno::notdir);
  if (inode.type == FileType::symlink) return fail(Errno::loop);
  if (is_directory && ((flags & O_ACCMODE) != O_RDONLY || has(flags, O_TRUNC))) return fail(Errno::isdir);
  // Which files can do direct I/O is the file system's to say.
  if (has(flags, O_DIRECT)) allowed.may_fail(Errno::inval);
  if (has(flags, O_DIRECT) && is_directory) return fail(Errno::inval);
  allowed.returns(call.table().lowest_free());
  allowed.then([opening, id = place.inode](World& world, const Actual&) {
    install(world, opening, id);
    if (has(opening.flags, O_TRUNC)) world.resize(id, 0);
  });
  return {};
}

Result<> open_new(const Call& call, Allowed& allowed, Opening opening, const Place& place, uint32_t mode) {
  if (has(opening.flags, O_DIRECT)) allowed.may_fail(Errno::inval);
  allowed.returns(call.table().lowest_free());
  allowed.then([=, caller = call.caller, directory = place.directory, name = place.name](World& world, const Actual&) {
    const InodeId inode = create(world, caller, directory, mode);
    world.link(directory, name, inode);
    install(world, opening, inode);
  });
  return {};
}

Result<> open_at(const Call& call, Allowed& allowed, std::optional<size_t> index, size_t path_index, uint32_t flags, uint32_t mode, Scope scope = {}) {
  if (has(flags, O_PATH)) flags &= direct_path_flags;
  TRY(check_flags(flags));
  constexpr uint32_t sync_half = O_SYNC ^ O_DSYNC;
  if ((flags & sync_half) != 0) flags |= O_DSYNC;  // half of O_SYNC is all of it
  const std::string_view path = TRY(call.path(path_index));
  TRY(call.room_for_descriptors(1));
  const Opening opening{call.task.table, flags};
  if (has(flags, O_PATH)) return open_path(call, allowed, index, path, opening, scope);
  if (has(flags, tmpfile_flag)) return open_unnamed(call, allowed, index, path, opening, mode, scope);

  const bool creates = has(flags, O_CREAT);
  const bool follows = !has(flags, O_NOFOLLOW) && !has(flags, O_CREAT | O_EXCL);
  const Follow follow = creates ? (follows ? Follow::creating : Follow::never) : (follows ? Follow::yes : Follow::no);
  const Place place = TRY(place_of(call, index, path, follow, scope));
  if (creates && place.slash && place.last == Place::Last::name) return fail(Errno::isdir);
  TRY(place.looked_up());
  if (place.inode != InodeId::none) return open_existing(call, allowed, opening, place);
  if (!creates) return fail(Errno::noent);
  return open_new(call, allowed, opening, place, mode);
}

// Unlike open(2), nothing that means nothing is let pass.
Result<> check_how(const open_how& how) {
  constexpr uint64_t all_flags = O_ACCMODE | creation_flags | O_CLOEXEC | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | 0100000 | O_NOATIME | O_TMPFILE | direct_path_flags;
  constexpr uint64_t all_resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED;
  const bool creates = (how.flags & (O_CREAT | tmpfile_flag)) != 0;
  if ((how.flags & ~all_flags) != 0 || (how.resolve & ~all_resolve) != 0) return fail(Errno::inval);
  if ((how.resolve & RESOLVE_BENEATH) != 0 && (how.resolve & RESOLVE_IN_ROOT) != 0) return fail(Errno::inval);
  if (how.mode > (creates ? 07777u : 0u)) return fail(Errno::inval);
  TRY(check_flags(static_cast<uint32_t>(how.flags)));
  if ((how.flags & O_PATH) != 0 && (how.flags & ~uint64_t{direct_path_flags}) != 0) return fail(Errno::inval);
  if ((how.resolve & RESOLVE_CACHED) != 0 && (creates || (how.flags & O_TRUNC) != 0)) return fail(Errno::again);
  return {};
}

}  // namespace

namespace rules {

Result<> openat2(const Call& call, Allowed& allowed) {
  const open_how how = TRY(call.read_sized<open_how>(call.address(2), call.arg<uint64_t>(3)));
  TRY(check_how(how));
  Scope scope{.links = (how.resolve & RESOLVE_NO_SYMLINKS) == 0};
  if ((how.resolve & RESOLVE_BENEATH) != 0) scope.edge = Scope::Edge::closed;
  if ((how.resolve & RESOLVE_IN_ROOT) != 0) scope.edge = Scope::Edge::root;
  // What is remembered is for the machine to say; and a real one may be disturbed by others who rename.
  if ((how.resolve & RESOLVE_CACHED) != 0 || (scope.edge != Scope::Edge::none && call.world.bounds.failures_show)) allowed.may_fail(Errno::again);
  return open_at(call, allowed, 0, 1, static_cast<uint32_t>(how.flags), static_cast<uint32_t>(how.mode), scope);
}

Result<> open(const Call& call, Allowed& allowed) {
  return open_at(call, allowed, {}, 0, call.arg<uint32_t>(1), call.arg<uint32_t>(2));
}
Result<> openat(const Call& call, Allowed& allowed) {
  return open_at(call, allowed, 0, 1, call.arg<uint32_t>(2), call.arg<uint32_t>(3));
}
Result<> creat(const Call& call, Allowed& allowed) {
  return open_at(call, allowed, {}, 0, O_CREAT | O_WRONLY | O_TRUNC, call.arg<uint32_t>(1));
}

}  // namespace rules
}  // namespace cupel::props
