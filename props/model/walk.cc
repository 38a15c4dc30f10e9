#include "props/model/walk.hh"

#include <fcntl.h>

namespace cupel::props {
namespace {

constexpr int links_max = 40;
constexpr size_t name_max = 255;

class Walk {
 public:
  Walk(const World& world, InodeId start, Scope scope) : world_(world), top_(scope.edge == Scope::Edge::none ? world.root : start), scope_(scope) {}

  Result<Place> to_end(InodeId from, std::string_view path, Follow follow) {
    if (path.starts_with('/') && scope_.edge == Scope::Edge::closed) return fail(Errno::xdev);
    if (path.starts_with('/')) from = top_;
    InodeId directory = from;
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    if (path.empty()) return Place{.directory = directory, .name = {}, .last = Place::Last::root, .inode = directory};
    while (true) {
      const std::string_view name = path.substr(0, path.find('/'));
      path.remove_prefix(name.size());
      const bool slash = !path.empty();
      path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
      if (world_.inodes[directory].type != FileType::directory) return fail(Errno::notdir);
      if (path.empty()) return last(directory, name, slash, follow);
      directory = TRY(step(directory, name));
    }
  }

 private:
  const World& world_;
  const InodeId top_;
  const Scope scope_;
  int links_ = 0;

  Result<InodeId> parent_of(InodeId directory) const {
    if (directory != top_) return world_.inodes[directory].parent;
    return scope_.edge == Scope::Edge::closed ? Result<InodeId>(fail(Errno::xdev)) : directory;
  }

  Result<InodeId> look_up(InodeId directory, std::string_view name) const {
    if (name == ".") return directory;
    const Inode& inode = world_.inodes[directory];
    if (name == "..") return parent_of(directory);
    if (inode.removed) return fail(Errno::noent);
    if (name.size() > name_max) return fail(Errno::nametoolong);
    const DirectoryEntry* entry = inode.find(name);
    return entry == nullptr ? InodeId::none : entry->inode;
  }

  // A name with more to come.
  Result<InodeId> step(InodeId directory, std::string_view name) {
    const InodeId found = TRY(look_up(directory, name));
    if (found == InodeId::none) return fail(Errno::noent);
    const Inode& inode = world_.inodes[found];
    if (inode.type != FileType::symlink) return found;
    if (++links_ > links_max || !scope_.links) return fail(Errno::loop);
    const Place target = TRY(to_end(directory, inode.target, Follow::yes));
    if (target.inode == InodeId::none) return fail(Errno::noent);
    if (target.slash && world_.inodes[target.inode].type != FileType::directory) return fail(Errno::notdir);
    return target.inode;
  }

  Result<Place> last(InodeId directory, std::string_view name, bool slash, Follow follow) {
    if (name == ".") return Place{directory, {}, Place::Last::dot, slash, directory};
    if (name == "..") return Place{directory, {}, Place::Last::dot_dot, slash, TRY(parent_of(directory))};
    if (follow == Follow::creating && slash) return Place{directory, name, Place::Last::name, slash};
    if (follow == Follow::never) {
      const auto looked = look_up(directory, name);
      return Place{directory, name, Place::Last::name, slash, looked.value_or(InodeId::none), looked ? Errno{} : looked.error()};
    }
    const InodeId found = TRY(look_up(directory, name));
    const bool is_link = found != InodeId::none && world_.inodes[found].type == FileType::symlink;
    if (!is_link || (follow == Follow::no && !slash)) {
      return Place{directory, name, Place::Last::name, slash, found};
    }
    if (++links_ > links_max || !scope_.links) return fail(Errno::loop);
    Place target = TRY(to_end(directory, world_.inodes[found].target, slash ? Follow::yes : follow));
    target.slash |= slash;
    return target;
  }
};

}  // namespace

Result<InodeId> start_of(const Call& call, std::optional<size_t> index, std::string_view path) {
  if (path.starts_with('/')) return call.world.root;
  if (!index || call.arg<int32_t>(*index) == AT_FDCWD) return call.world.contexts[call.task.fs].cwd;
  const InodeId inode = call.at(TRY(call.file(*index, true))).inode;
  if (!path.empty() && call.at(inode).type != FileType::directory) return fail(Errno::notdir);
  return inode;
}

Result<Place> place_of(const Call& call, std::optional<size_t> index, std::string_view path, Follow follow, Scope scope) {
  if (scope.edge == Scope::Edge::closed && path.starts_with('/')) return fail(Errno::xdev);
  // A path from a root of one's own is one from there, whatever it begins with; and it has to be a directory.
  const InodeId start = TRY(start_of(call, index, scope.edge == Scope::Edge::root ? "." : path));
  return Walk(call.world, start, scope).to_end(start, path, follow);
}

Result<InodeId> inode_of(const Call& call, std::optional<size_t> index, std::string_view path, Follow follow, Scope scope) {
  const Place place = TRY(place_of(call, index, path, follow, scope));
  if (place.inode == InodeId::none) return fail(Errno::noent);
  if (place.slash && call.at(place.inode).type != FileType::directory) return fail(Errno::notdir);
  return place.inode;
}

}  // namespace cupel::props
