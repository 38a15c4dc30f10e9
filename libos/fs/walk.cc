#include <array>

#include "libos/fs/file_system.hh"

namespace cupel::libos {
namespace {

// The rest of a path that is left when a symlink in it has been followed.
struct Rest {
  std::string_view path;
  Ref<Inode> holder;  // the symlink the text belongs to; nullptr for the caller's path
};

std::string_view next_component(std::string_view& path) {
  const size_t end = std::min(path.find('/'), path.size());
  const std::string_view name = path.substr(0, end);
  path.remove_prefix(end);
  return name;
}

void skip_slashes(std::string_view& path) {
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
}

}  // namespace

Result<Place> FileSystem::walk(const Walker& walker, std::string_view path, Follow follow) const {
  if (path.empty()) return fail(Errno::noent);
  std::array<Rest, symlinks_max> rests;
  unsigned rest_count = 0, links_followed = 0;
  Ref<Directory> at = path.front() == '/' ? walker.root : walker.start;
  Ref<Inode> holder;
  bool only_slashes = true;
  for (;;) {
    skip_slashes(path);
    if (path.empty()) {
      if (rest_count == 0) break;  // only slashes, or a link to a directory at the end
      --rest_count;
      path = rests[rest_count].path;
      holder = std::move(rests[rest_count].holder);
      continue;
    }
    only_slashes = false;
    TRY(at->allow(*walker.who, Permission::execute));
    const std::string_view name = next_component(path);
    const bool slash = !path.empty();
    skip_slashes(path);
    bool is_last = path.empty();
    bool trailing = slash;
    for (unsigned index = rest_count; is_last && index > 0; --index) {
      std::string_view rest = rests[index - 1].path;
      trailing = trailing || !rest.empty();
      skip_slashes(rest);
      is_last = rest.empty();
    }
    const bool as_it_is = is_last && (follow == Follow::never || (follow == Follow::create && trailing));
    if (name == "." || name == "..") {
      if (name == ".." && at == walker.root && walker.confined) return fail(Errno::xdev);
      if (name == ".." && at != walker.root && at->parent) at = at->parent;
      if (is_last) return Place{at, name, name == "." ? Place::Last::dot : Place::Last::dot_dot, trailing, at, holder, {}};
      continue;
    }
    if (at->removed) {
      if (as_it_is) return Place{at, name, Place::Last::name, trailing, nullptr, holder, fail(Errno::noent)};
      return fail(Errno::noent);
    }
    if (name.size() > name_size_max) {
      if (as_it_is) return Place{at, name, Place::Last::name, trailing, nullptr, holder, fail(Errno::nametoolong)};
      return fail(Errno::nametoolong);
    }
    Entry* entry = TRY(at->look_up(name));
    const bool is_link = entry != nullptr && entry->inode->is_symlink();
    if (is_link && !as_it_is && (!is_last || follow == Follow::yes || follow == Follow::create || trailing)) {
      if (++links_followed > symlinks_max || !walker.follows_links) return fail(Errno::loop);
      auto link = static_cast<Symlink*>(entry->inode.get());
      if (!path.empty() || trailing) {
        if (rest_count == rests.size()) return fail(Errno::loop);
        rests[rest_count++] = {trailing && path.empty() ? std::string_view("/") : path, holder};
      }
      Ref<Inode> keep = entry->inode;
      path = link->target();
      holder = std::move(keep);
      if (!path.empty() && path.front() == '/') {
        if (walker.confined) return fail(Errno::xdev);
        at = walker.root;
      }
      continue;
    }
    if (is_last) {
      Ref<Inode> inode = entry == nullptr ? nullptr : entry->inode;
      if (trailing && inode && !as_it_is && !inode->is_directory()) return fail(Errno::notdir);
      return Place{at, name, Place::Last::name, trailing, inode, holder, {}};
    }
    if (entry == nullptr) return fail(Errno::noent);
    if (!entry->inode->is_directory()) return fail(Errno::notdir);
    at = Ref<Directory>(static_cast<Directory*>(entry->inode.get()));
  }
  return Place{at, {}, only_slashes ? Place::Last::root : Place::Last::dot, true, at, holder, {}};
}

Result<Ref<Inode>> FileSystem::find(const Walker& walker, std::string_view path, Follow follow) const {
  Place place = TRY(walk(walker, path, follow));
  if (!place.inode) return fail(Errno::noent);
  return place.inode;
}

}  // namespace cupel::libos
