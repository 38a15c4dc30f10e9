#include <set>

#include "libos/fs/file_system.hh"
#include "libos/machine/machine.hh"
#include "props/properties/chooser.hh"
#include "props/properties/sandbox.hh"

namespace cupel::props {
namespace {

using namespace libos;

// Visits all names below; each directory has one, knows its parent, and counts its children.
void walk_down(Directory& directory, std::set<const Inode*>& seen) {
  CLAIM(seen.insert(&directory).second);
  uint32_t children = 0;
  for (Entry* entry = directory.at_or_before(directory.newest_cookie()); entry != nullptr; entry = directory.at_or_before(entry->cookie - 1)) {
    if (!entry->inode->is_directory()) continue;
    auto& child = static_cast<Directory&>(*entry->inode);
    CLAIM(child.parent.get() == &directory);
    CLAIM(!child.removed);
    ++children;
    walk_down(child, seen);
  }
  CLAIM(directory.link_count == 2 + children);
}

template <Chooser C>
std::string some_path(C& choose) {
  std::string path;
  for (uint32_t depth = 1 + choose.below(3); depth > 0; --depth) path += std::string("/") + "abc"[choose.below(3)];
  return path;
}

template <Chooser C>
void directories_stay_a_tree_whatever_is_renamed(C& choose) {
  Sandbox sandbox;
  FileSystem& files = sandbox.machine().files();
  const Credentials& who = sandbox.task().credentials;
  const Walker walker{files.root(), files.root(), &who};
  uint32_t directories = 1;
  while (choose.more()) {
    const uint32_t action = choose.below(4);
    const std::string path = some_path(choose);
    auto place = files.walk(walker, path, Follow::never);
    if (!place) continue;
    if (action == 0) {
      directories += files.make_directory(*place, who, 0755) ? 1 : 0;
    } else if (action == 1) {
      directories -= files.remove_directory(*place, who) ? 1 : 0;
    } else {
      const std::string target = some_path(choose);
      const auto to = files.walk(walker, target, Follow::never);
      if (!to) continue;
      const uint32_t flags = choose.below(3);  // none, no_replace, exchange
      const bool replaces = flags == 0 && place->inode && to->inode && place->inode != to->inode && to->inode->is_directory();
      if (files.rename(*place, *to, who, flags) && replaces) --directories;
    }
    std::set<const Inode*> seen;
    walk_down(*files.root(), seen);
    CLAIM(seen.size() == directories);  // none is lost in a cycle of its own
    files.check();
  }
}

CUPEL_PROPERTY(Rename, directories_stay_a_tree_whatever_is_renamed)

}  // namespace
}  // namespace cupel::props
