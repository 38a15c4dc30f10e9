// rename, renameat, renameat2.
#include <linux/fs.h>

#include "props/model/rules.hh"
#include "props/model/walk.hh"

namespace cupel::props {
namespace {

using Index = std::optional<size_t>;

bool is_directory(const Call& call, const Place& place) { return call.at(place.inode).type == FileType::directory; }

// Whether `inode` is `ancestor`, or below it.
bool is_below(const Call& call, InodeId inode, InodeId ancestor) {
  for (; inode != ancestor; inode = call.at(inode).parent) {
    if (inode == call.at(inode).parent) return false;
  }
  return true;
}

// A name moves: the inode keeps all else, and a directory knows its new parent.
void put(World& world, const Place& place, InodeId inode) {
  world.link(place.directory, place.name, inode);
  world.inodes[inode].touch(change_time, world.moment);
}

void exchange(World& world, const Place& from, const Place& to) {
  world.unlink(from.directory, from.name);
  world.unlink(to.directory, to.name);
  put(world, to, from.inode);
  put(world, from, to.inode);
  const auto is_directory = [&](const Place& place) { return world.inodes[place.inode].type == FileType::directory; };
  if (is_directory(from)) --world.inodes[from.directory].link_count, ++world.inodes[to.directory].link_count;
  if (is_directory(to)) --world.inodes[to.directory].link_count, ++world.inodes[from.directory].link_count;
}

void move(World& world, const Place& from, const Place& to) {
  world.unlink(from.directory, from.name);
  if (to.inode != InodeId::none) {
    world.unlink(to.directory, to.name);
    world.remove_inode(to.directory, to.inode);
  }
  put(world, to, from.inode);
  if (world.inodes[from.inode].type == FileType::directory) {
    --world.inodes[from.directory].link_count;
    ++world.inodes[to.directory].link_count;
  }
}

Result<> check_trailing_slashes(const Call& call, const Place& from, const Place& to, bool exchanges) {
  if (exchanges && to.slash && !is_directory(call, to)) return fail(Errno::notdir);
  if (is_directory(call, from)) return {};
  if (from.slash || (!exchanges && to.slash)) return fail(Errno::notdir);
  return {};
}

Result<> rename_at(const Call& call, Allowed& allowed, Index from_at, size_t from_index, Index to_at, size_t to_index, uint32_t flags) {
  if ((flags & ~static_cast<uint32_t>(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) != 0) return fail(Errno::inval);
  const bool exchanges = (flags & RENAME_EXCHANGE) != 0;
  if (exchanges && flags != RENAME_EXCHANGE) return fail(Errno::inval);
  // Makes a character device in the old place: that is for overlay file systems.
  if ((flags & RENAME_WHITEOUT) != 0) return allowed.lose();
  const std::string_view from_path = TRY(call.path(from_index));
  const Place from = TRY(place_of(call, from_at, from_path, Follow::never));
  const std::string_view to_path = TRY(call.path(to_index));
  const Place to = TRY(place_of(call, to_at, to_path, Follow::never));
  if (from.last != Place::Last::name) return fail(Errno::busy);
  if (to.last != Place::Last::name) return fail((flags & RENAME_NOREPLACE) != 0 ? Errno::exist : Errno::busy);
  TRY(from.looked_up());
  if (from.inode == InodeId::none) return fail(Errno::noent);
  TRY(to.looked_up());
  if ((flags & RENAME_NOREPLACE) != 0 && to.inode != InodeId::none) return fail(Errno::exist);
  if (exchanges && to.inode == InodeId::none) return fail(Errno::noent);
  TRY(check_trailing_slashes(call, from, to, exchanges));
  if (is_below(call, to.directory, from.inode)) return fail(Errno::inval);
  if (to.inode != InodeId::none && is_below(call, from.directory, to.inode)) return fail(exchanges ? Errno::inval : Errno::notempty);

  if (from.inode == to.inode) return allowed.returns(0);
  if (exchanges) {
    allowed.returns(0);
    allowed.then([=](World& world, const Actual&) { exchange(world, from, to); });
    return {};
  }
  if (to.inode != InodeId::none) {
    if (is_directory(call, from) && !is_directory(call, to)) return fail(Errno::notdir);
    if (!is_directory(call, from) && is_directory(call, to)) return fail(Errno::isdir);
    if (is_directory(call, to) && !call.at(to.inode).entries.empty()) return fail(Errno::notempty);
  }
  allowed.returns(0);
  allowed.then([=](World& world, const Actual&) { move(world, from, to); });
  return {};
}

}  // namespace

namespace rules {

Result<> rename(const Call& call, Allowed& allowed) { return rename_at(call, allowed, {}, 0, {}, 1, 0); }
Result<> renameat(const Call& call, Allowed& allowed) { return rename_at(call, allowed, 0, 1, 2, 3, 0); }
Result<> renameat2(const Call& call, Allowed& allowed) { return rename_at(call, allowed, 0, 1, 2, 3, call.arg<uint32_t>(4)); }

}  // namespace rules
}  // namespace cupel::props
