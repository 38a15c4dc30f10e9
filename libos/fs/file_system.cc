#include "libos/fs/file_system.hh"

namespace cupel::libos {

Result<FileSystem*> FileSystem::create(Arena& arena, platform::Platform& platform, const Config& config) {
  auto* files = TRY(arena.make<FileSystem>(arena, platform, config));
  auto root = make_counted<Directory>(arena, files->next_inode_, 0755u, 0u, 0u);
  if (!root) {
    arena.destroy(files);
    return fail(root.error());
  }
  ++files->next_inode_;
  files->root_ = std::move(*root);
  files->root_->accessed = files->root_->modified = files->root_->changed = files->now();
  return files;
}

Result<> FileSystem::mount_lower() {
  if (tree() == nullptr) return {};
  const platform::TreeNode node = TRY(tree()->node(platform::HostTree::root));
  root_->lower = {this, node.number, 0};
  root_->mode = static_cast<uint32_t>(FileType::directory) | (node.mode & 07777u);
  root_->uid = node.uid, root_->gid = node.gid;
  return {};
}

void FileSystem::destroy() {
  root_->clear();
  root_.reset();
  arena_.destroy(this);
}

Timespec FileSystem::now() const {
  constexpr int64_t second = 1'000'000'000;
  const platform::Nanoseconds now = platform_.now(platform::ClockBase::realtime);
  return {now / second, now % second};
}

// What every creation looks at after the walk, as filename_create() of Linux's fs/namei.c: the name must be one, and new,
// in a directory one may write. Only a directory's may have a slash behind it.
Result<> FileSystem::may_add(const Place& place, const Credentials& who, bool directory) const {
  if (place.last != Place::Last::name) return fail(Errno::exist);
  TRY(place.lookup);
  if (place.inode) return fail(Errno::exist);
  if (place.trailing_slash && !directory) return fail(Errno::noent);
  if (place.parent->removed) return fail(Errno::noent);
  return place.parent->allow(who, Permission::write | Permission::execute);
}

// A directory with the set-group-id bit hands its group on.
uint32_t FileSystem::group_for(const Directory& parent, const Credentials& who) const {
  return (parent.mode & 02000) != 0 ? parent.gid : who.egid;
}

Result<Ref<Inode>> FileSystem::create_nameless(const Directory& parent, const Credentials& who, uint32_t mode) {
  Ref<RegularFile> file = TRY(make_counted<RegularFile>(arena_, arena_, next_inode_, 0100000u | mode, who.euid, group_for(parent, who)));
  ++next_inode_;
  file->accessed = file->modified = file->changed = now();
  return Ref<Inode>(file);
}

Result<Ref<Inode>> FileSystem::create_file(const Place& place, const Credentials& who, uint32_t mode) {
  TRY(may_add(place, who, false));
  Ref<Inode> file = TRY(create_nameless(*place.parent, who, mode));
  Entry* entry = TRY(place.parent->make_entry(place.name, file));
  file->link_count = 1;
  place.parent->link(*entry);
  touch(*place.parent);
  return file;
}

Result<> FileSystem::make_directory(const Place& place, const Credentials& who, uint32_t mode) {
  TRY(may_add(place, who, true));
  const uint32_t inherited = place.parent->mode & 02000;
  Ref<Directory> made = TRY(make_counted<Directory>(arena_, next_inode_, mode | inherited, who.euid, group_for(*place.parent, who)));
  Entry* entry = TRY(place.parent->make_entry(place.name, made));
  ++next_inode_;
  made->parent = place.parent;
  made->accessed = made->modified = made->changed = now();
  place.parent->link(*entry);
  ++place.parent->link_count;
  touch(*place.parent);
  return {};
}

Result<> FileSystem::make_symlink(const Place& place, const Credentials& who, std::string_view target) {
  TRY(may_add(place, who, false));
  Ref<Symlink> made = TRY(Symlink::create(arena_, next_inode_, who.euid, group_for(*place.parent, who), target));
  Entry* entry = TRY(place.parent->make_entry(place.name, made));
  ++next_inode_;
  made->link_count = 1;
  made->accessed = made->modified = made->changed = now();
  place.parent->link(*entry);
  touch(*place.parent);
  return {};
}

Result<> FileSystem::link(const Place& place, const Credentials& who, const Ref<Inode>& inode) {
  TRY(may_add(place, who, false));
  if (inode->is_pipe() || inode->is_anonymous()) return fail(Errno::xdev);
  if (inode->is_directory()) return fail(Errno::perm);
  if (inode->link_count == 0) return fail(Errno::noent);
  Entry* entry = TRY(place.parent->make_entry(place.name, inode));
  ++inode->link_count;
  inode->changed = now();
  place.parent->link(*entry);
  touch(*place.parent);
  return {};
}

// Write permission on the directory, and in a sticky one to own the file or the directory.
Result<> FileSystem::may_remove(Directory& parent, Inode& victim, const Credentials& who) const {
  TRY(parent.allow(who, Permission::write | Permission::execute));
  const bool sticky = (parent.mode & 01000) != 0;
  if (sticky && who.euid != 0 && who.euid != victim.uid && who.euid != parent.uid) return fail(Errno::perm);
  // A name that is gone must not come back from the lower tree, and whether a directory is empty is what that says, too.
  TRY(parent.populate());
  if (victim.is_directory()) TRY(static_cast<Directory&>(victim).populate());
  return {};
}

void FileSystem::remove_entry(Directory& parent, Entry& entry) {
  Inode& inode = *entry.inode;
  parent.unlink(entry);
  if (inode.is_directory()) {
    auto& directory = static_cast<Directory&>(inode);
    directory.removed = true;
    directory.link_count = 0;
    --parent.link_count;
  } else {
    --inode.link_count;
  }
  inode.changed = now();
  touch(parent);
  parent.discard(&entry);
}

Result<> FileSystem::unlink(const Place& place, const Credentials& who) {
  if (place.last != Place::Last::name) return fail(Errno::isdir);
  TRY(place.lookup);
  if (!place.inode) return fail(Errno::noent);
  if (place.trailing_slash) return fail(place.inode->is_directory() ? Errno::isdir : Errno::notdir);
  TRY(may_remove(*place.parent, *place.inode, who));
  if (place.inode->is_directory()) return fail(Errno::isdir);
  remove_entry(*place.parent, *place.parent->find(place.name));
  return {};
}

Result<> FileSystem::remove_directory(const Place& place, const Credentials& who) {
  if (place.last == Place::Last::dot) return fail(Errno::inval);
  if (place.last == Place::Last::dot_dot) return fail(Errno::notempty);
  if (place.last == Place::Last::root) return fail(Errno::busy);
  TRY(place.lookup);
  if (!place.inode) return fail(Errno::noent);
  TRY(may_remove(*place.parent, *place.inode, who));
  if (!place.inode->is_directory()) return fail(Errno::notdir);
  if (!static_cast<Directory&>(*place.inode).empty()) return fail(Errno::notempty);
  remove_entry(*place.parent, *place.parent->find(place.name));
  return {};
}

void FileSystem::check() const {
  // Depth first by parents' pointers and cookies, so that no nesting is too deep.
  Directory* at = root_.get();
  at->check();
  uint64_t cookie = Directory::end_cookie;
  for (;;) {
    Entry* entry = at->at_or_before(cookie);
    if (entry == nullptr) {
      if (at == root_.get()) return;
      Directory* up = at->parent.get();
      uint64_t place = Directory::end_cookie;
      for (Entry* sibling = up->at_or_before(place); sibling != nullptr; sibling = up->at_or_before(place)) {
        place = sibling->cookie - 1;
        if (sibling->inode == at) break;
      }
      at = up;
      cookie = place;
    } else if (entry->inode->is_directory()) {
      at = static_cast<Directory*>(entry->inode.get());
      at->check();
      cookie = Directory::end_cookie;
    } else {
      cookie = entry->cookie - 1;
    }
  }
}

}  // namespace cupel::libos
