#include "libos/fs/directory.hh"

#include <cstring>
#include <new>

namespace cupel::libos {

Directory::~Directory() { clear(); }

Entry* Directory::find(std::string_view name) {
  auto found = names_.find(name);
  return found == names_.end() ? nullptr : &*found;
}

Result<Entry*> Directory::make_entry(std::string_view name, Ref<Inode> inode) {
  void* block = TRY(arena().allocate(sizeof(Entry) + name.size()));
  auto* entry = new (block) Entry;
  entry->inode = std::move(inode);
  entry->name_size = static_cast<uint16_t>(name.size());
  std::memcpy(static_cast<void*>(entry + 1), name.data(), name.size());
  return entry;
}

void Directory::discard(Entry* entry) {
  const size_t size = sizeof(Entry) + entry->name_size;
  entry->~Entry();
  arena().free(entry, size);
}

void Directory::link(Entry& entry) {
  entry.cookie = next_cookie_++;
  names_.insert(entry);
  cookies_.insert(entry);
  ++entry_count_;
}

void Directory::unlink(Entry& entry) {
  CHECK(entry_count_ > 0);
  names_.erase(names_.iterator_to(entry));
  cookies_.erase(cookies_.iterator_to(entry));
  --entry_count_;
}

void Directory::renew(Entry& entry) {
  cookies_.erase(cookies_.iterator_to(entry));
  entry.cookie = next_cookie_++;
  cookies_.insert(entry);
}

Entry* Directory::at_or_before(uint64_t cookie) {
  auto after = cookies_.upper_bound(cookie);
  return after == cookies_.begin() ? nullptr : &*std::prev(after);
}

uint64_t Directory::newest_cookie() const { return cookies_.empty() ? end_cookie : cookies_.rbegin()->cookie; }

// Goes down and up again by the parents' pointers: a guest may nest directories deeper than any stack.
void Directory::clear() {
  for (Directory* at = this;;) {
    if (at->names_.empty()) {
      if (at == this) return;
      at = at->parent.get();
      continue;
    }
    Entry& entry = *at->names_.begin();
    if (entry.inode->is_directory()) {
      auto& child = static_cast<Directory&>(*entry.inode);
      if (!child.empty()) {
        at = &child;
        continue;
      }
      child.parent.reset();
    }
    at->unlink(entry);
    at->discard(&entry);
  }
}

void Directory::check() const {
  Inode::check();
  CHECK(names_.size() == entry_count_);
  CHECK(cookies_.size() == entry_count_);
  uint32_t subdirectories = 0;
  for (const Entry& entry : names_) {
    CHECK(entry.inode != nullptr);
    CHECK(entry.cookie < next_cookie_);
    CHECK(entry.inode->link_count > 0);
    if (entry.inode->is_directory()) {
      ++subdirectories;
      CHECK(static_cast<const Directory&>(*entry.inode).parent == this);
    }
    if (!entry.inode->is_directory()) entry.inode->check();
  }
  CHECK(link_count == (removed ? 0u : 2u) + subdirectories);
}

}  // namespace cupel::libos
