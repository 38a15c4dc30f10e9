// mkdir, mknod, rmdir, unlink, link, symlink and their *at kin: making and removing names.
#include <fcntl.h>
#include <sys/stat.h>

#include "props/model/rules.hh"
#include "props/model/walk.hh"

namespace cupel::props {
namespace {

using Index = std::optional<size_t>;

// The place of a name that is to be made. EEXIST where it is there; ENOENT for "name/" unless it will be a directory.
Result<Place> new_place(const Call& call, Index at, size_t path_index, bool directory) {
  const std::string_view path = TRY(call.path(path_index));
  const Place place = TRY(place_of(call, at, path, Follow::never));
  if (place.last != Place::Last::name) return fail(Errno::exist);
  TRY(place.looked_up());
  if (place.inode != InodeId::none) return fail(Errno::exist);
  if (place.slash && !directory) return fail(Errno::noent);
  return place;
}

Result<> make_directory(const Call& call, Allowed& allowed, Index at, size_t path_index, uint32_t mode) {
  const Place place = TRY(new_place(call, at, path_index, true));
  allowed.returns(0);
  allowed.then([place, mode, fs = call.task.fs](World& world, const Actual&) {
    Inode& parent = world.inodes[place.directory];
    const InodeId made = world.make_inode(FileType::directory, mode & 01777 & ~world.contexts[fs].umask);
    if ((parent.mode & S_ISGID) != 0) {
      world.inodes[made].group = parent.group;
      world.inodes[made].mode |= S_ISGID;
    }
    ++parent.link_count;
    world.link(place.directory, place.name, made);
  });
  return {};
}

// Devices are not for root in a user namespace; pipes with names and sockets, no file system has to have.
Result<> make_node(const Call& call, Allowed& allowed, Index at, size_t path_index) {
  const auto mode = call.arg<uint16_t>(path_index + 1);
  const uint32_t type = mode & S_IFMT;
  if (type == S_IFDIR) return fail(Errno::perm);
  const bool regular = type == 0 || type == S_IFREG;
  if (!regular && type != S_IFIFO && type != S_IFSOCK && type != S_IFCHR && type != S_IFBLK) return fail(Errno::inval);
  const Place place = TRY(new_place(call, at, path_index, false));
  if (!regular) return call.result() == 0 ? allowed.lose() : fail(Errno::perm);
  allowed.returns(0);
  allowed.then([place, mode, fs = call.task.fs](World& world, const Actual&) {
    const InodeId made = world.make_inode(FileType::regular, mode & 07777 & ~world.contexts[fs].umask);
    if ((world.inodes[place.directory].mode & S_ISGID) != 0) world.inodes[made].group = world.inodes[place.directory].group;
    world.link(place.directory, place.name, made);
  });
  return {};
}

Result<> remove_directory(const Call& call, Allowed& allowed, Index at, size_t path_index) {
  const Place place = TRY(place_of(call, at, TRY(call.path(path_index)), Follow::never));
  switch (place.last) {
    case Place::Last::dot: return fail(Errno::inval);
    case Place::Last::dot_dot: return fail(Errno::notempty);
    case Place::Last::root: return fail(Errno::busy);
    case Place::Last::name: break;
  }
  TRY(place.looked_up());
  if (place.inode == InodeId::none) return fail(Errno::noent);
  if (call.at(place.inode).type != FileType::directory) return fail(Errno::notdir);
  if (!call.at(place.inode).entries.empty()) return fail(Errno::notempty);
  allowed.returns(0);
  allowed.then([place](World& world, const Actual&) {
    world.unlink(place.directory, place.name);
    world.remove_inode(place.directory, place.inode);
  });
  return {};
}

Result<> remove_name(const Call& call, Allowed& allowed, Index at, size_t path_index) {
  const Place place = TRY(place_of(call, at, TRY(call.path(path_index)), Follow::never));
  if (place.last != Place::Last::name) return fail(Errno::isdir);
  TRY(place.looked_up());
  if (place.inode == InodeId::none) return fail(Errno::noent);
  if (call.at(place.inode).type == FileType::directory) return fail(Errno::isdir);
  if (place.slash) return fail(Errno::notdir);
  allowed.returns(0);
  allowed.then([place](World& world, const Actual&) {
    world.unlink(place.directory, place.name);
    world.remove_inode(place.directory, place.inode);
  });
  return {};
}

Result<> make_link(const Call& call, Allowed& allowed, Index from_at, size_t from_index, Index to_at, size_t to_index, uint32_t flags) {
  if ((flags & ~static_cast<uint32_t>(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) return fail(Errno::inval);
  const bool empty_too = (flags & AT_EMPTY_PATH) != 0;
  const std::string_view path = TRY(call.path(from_index, empty_too));
  InodeId from;
  if (path.empty()) {
    from = TRY(start_of(call, from_at, path));
    allowed.may_fail(Errno::noent);  // the caller may lack CAP_DAC_READ_SEARCH
  } else {
    from = TRY(inode_of(call, from_at, path, (flags & AT_SYMLINK_FOLLOW) != 0 ? Follow::yes : Follow::no));
  }
  const Place place = TRY(new_place(call, to_at, to_index, false));
  const Inode& inode = call.at(from);
  if (inode.type == FileType::pipe || inode.type == FileType::anonymous) return fail(Errno::xdev);
  if (inode.type == FileType::directory) return fail(Errno::perm);
  if (inode.link_count == 0 && !inode.linkable) return fail(Errno::noent);
  allowed.returns(0);
  allowed.then([place, from](World& world, const Actual&) {
    ++world.inodes[from].link_count;
    world.inodes[from].linkable = false;
    world.inodes[from].touch(change_time, world.moment);
    world.link(place.directory, place.name, from);
  });
  return {};
}

Result<> make_symlink(const Call& call, Allowed& allowed, size_t target_index, Index at, size_t path_index) {
  const std::string_view target = TRY(call.path(target_index));
  const Place place = TRY(new_place(call, at, path_index, false));
  allowed.returns(0);
  allowed.then([place, target](World& world, const Actual&) {
    const InodeId made = world.make_inode(FileType::symlink, 0777);
    world.inodes[made].target = target;
    if ((world.inodes[place.directory].mode & S_ISGID) != 0) world.inodes[made].group = world.inodes[place.directory].group;
    world.link(place.directory, place.name, made);
  });
  return {};
}

Result<> read_link(const Call& call, Allowed& allowed, Index at, size_t path_index) {
  const size_t buffer = path_index + 1;
  const auto size = call.arg<int32_t>(path_index + 2);
  if (size <= 0) return fail(Errno::inval);
  const std::string_view path = TRY(call.path(path_index, true));
  const InodeId id = path.empty() ? TRY(start_of(call, at, path)) : TRY(inode_of(call, at, path, Follow::no));
  const Inode& inode = call.at(id);
  if (inode.type != FileType::symlink) return fail(path.empty() ? Errno::noent : Errno::inval);
  const size_t count = std::min<size_t>(inode.target.size(), static_cast<size_t>(size));
  TRY(call.can_store(allowed, call.address(buffer), count));
  allowed.returns(static_cast<int64_t>(count));
  allowed.writes(call.address(buffer), std::as_bytes(std::span(inode.target)).first(count));
  allowed.then([id](World& world, const Actual&) { world.inodes[id].touch(access_time, world.moment); });
  return {};
}

}  // namespace

namespace rules {

Result<> mkdir(const Call& call, Allowed& allowed) { return make_directory(call, allowed, {}, 0, call.arg<uint32_t>(1)); }
Result<> mkdirat(const Call& call, Allowed& allowed) { return make_directory(call, allowed, 0, 1, call.arg<uint32_t>(2)); }
Result<> mknod(const Call& call, Allowed& allowed) { return make_node(call, allowed, {}, 0); }
Result<> mknodat(const Call& call, Allowed& allowed) { return make_node(call, allowed, 0, 1); }
Result<> rmdir(const Call& call, Allowed& allowed) { return remove_directory(call, allowed, {}, 0); }
Result<> unlink(const Call& call, Allowed& allowed) { return remove_name(call, allowed, {}, 0); }

Result<> unlinkat(const Call& call, Allowed& allowed) {
  const auto flags = call.arg<uint32_t>(2);
  if ((flags & ~static_cast<uint32_t>(AT_REMOVEDIR)) != 0) return fail(Errno::inval);
  return flags != 0 ? remove_directory(call, allowed, 0, 1) : remove_name(call, allowed, 0, 1);
}

Result<> link(const Call& call, Allowed& allowed) { return make_link(call, allowed, {}, 0, {}, 1, 0); }
Result<> linkat(const Call& call, Allowed& allowed) { return make_link(call, allowed, 0, 1, 2, 3, call.arg<uint32_t>(4)); }
Result<> symlink(const Call& call, Allowed& allowed) { return make_symlink(call, allowed, 0, {}, 1); }
Result<> symlinkat(const Call& call, Allowed& allowed) { return make_symlink(call, allowed, 0, 1, 2); }
Result<> readlink(const Call& call, Allowed& allowed) { return read_link(call, allowed, {}, 0); }
Result<> readlinkat(const Call& call, Allowed& allowed) { return read_link(call, allowed, 0, 1); }

}  // namespace rules
}  // namespace cupel::props
