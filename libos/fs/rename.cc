#include "libos/fs/file_system.hh"

namespace cupel::libos {
namespace {

constexpr bool has(uint32_t flags, RenameFlag flag) { return (flags & static_cast<uint32_t>(flag)) != 0; }

// Whether `inside` is `directory` or lies below it.
bool is_below(const Directory& inside, const Inode& directory) {
  for (const Directory* at = &inside; at != nullptr; at = at->parent.get()) {
    if (at == &directory) return true;
  }
  return false;
}

}  // namespace

// rename(2), renameat2(2): the order of errors is that of do_renameat2() and vfs_rename() of Linux's fs/namei.c.
Result<> FileSystem::rename(const Place& from, const Place& to, const Credentials& who, uint32_t flags) {
  const bool exchange = has(flags, RenameFlag::exchange);
  if (from.last != Place::Last::name) return fail(Errno::busy);
  if (to.last != Place::Last::name) return fail(has(flags, RenameFlag::no_replace) ? Errno::exist : Errno::busy);
  TRY(from.lookup);
  if (!from.inode) return fail(Errno::noent);
  TRY(to.lookup);
  if (has(flags, RenameFlag::no_replace) && to.inode) return fail(Errno::exist);
  if (exchange && !to.inode) return fail(Errno::noent);
  if (exchange && !to.inode->is_directory() && to.trailing_slash) return fail(Errno::notdir);
  if (!from.inode->is_directory()) {
    if (from.trailing_slash) return fail(Errno::notdir);
    if (!exchange && to.trailing_slash) return fail(Errno::notdir);
  }
  // A directory may not go below itself, nor (exchanging) come from below the other.
  if (is_below(*to.parent, *from.inode)) return fail(Errno::inval);
  if (to.inode && is_below(*from.parent, *to.inode)) return fail(exchange ? Errno::inval : Errno::notempty);
  if (from.inode == to.inode) return {};  // two names of one file: nothing to do

  TRY(may_remove(*from.parent, *from.inode, who));
  if (!to.inode) {
    if (to.parent->removed) return fail(Errno::noent);
    TRY(to.parent->allow(who, Permission::write | Permission::execute));
  } else {
    TRY(may_remove(*to.parent, *to.inode, who));
    if (!exchange) {
      if (from.inode->is_directory() && !to.inode->is_directory()) return fail(Errno::notdir);
      if (!from.inode->is_directory() && to.inode->is_directory()) return fail(Errno::isdir);
    }
  }
  // A directory that changes its parent changes its "..": that is a write to it.
  if (from.parent != to.parent) {
    if (from.inode->is_directory()) TRY(from.inode->allow(who, Permission::write));
    if (exchange && to.inode->is_directory()) TRY(to.inode->allow(who, Permission::write));
  }
  if (to.inode && !exchange && to.inode->is_directory() && !static_cast<Directory&>(*to.inode).empty()) return fail(Errno::notempty);

  Directory& old_parent = *from.parent;
  Directory& new_parent = *to.parent;
  Entry& old_entry = *old_parent.find(from.name);
  const auto move_directory = [](Inode& inode, Directory& out_of, Directory& into) {
    if (!inode.is_directory() || &out_of == &into) return;
    static_cast<Directory&>(inode).parent = Ref<Directory>(&into);
    --out_of.link_count;
    ++into.link_count;
  };
  if (exchange) {
    Entry& new_entry = *new_parent.find(to.name);
    std::swap(old_entry.inode, new_entry.inode);
    move_directory(*new_entry.inode, old_parent, new_parent);
    move_directory(*old_entry.inode, new_parent, old_parent);
    old_entry.inode->changed = now();
  } else {
    Ref<Inode> moved = old_entry.inode;
    Entry* fresh = TRY(new_parent.make_entry(to.name, moved));
    if (to.inode) remove_entry(new_parent, *new_parent.find(to.name));
    old_parent.unlink(old_entry);
    old_parent.discard(&old_entry);
    new_parent.link(*fresh);
    move_directory(*moved, old_parent, new_parent);
  }
  from.inode->changed = now();
  touch(old_parent);
  touch(new_parent);
  return {};
}

}  // namespace cupel::libos
