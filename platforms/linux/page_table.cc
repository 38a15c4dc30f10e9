#include "platforms/linux/page_table.hh"

#include <cstring>
#include <new>

#include "libos/base/check.hh"

namespace cupel::on_linux {

std::byte* TablePool::take() {
  std::byte* page = nullptr;
  if (free_ != nullptr) {
    page = reinterpret_cast<std::byte*>(free_);  // SAFETY: a page given back before
    free_ = free_->next;
  } else if (left_ > 0) {
    page = next_;
    next_ += page_size;
    --left_;
  } else {
    return nullptr;
  }
  std::memset(page, 0, page_size);
  ++taken_;
  return page;
}

void TablePool::give_back(std::byte* page) {
  CHECK(taken_ > 0);
  --taken_;
  free_ = new (page) Free{free_};
}

PageTable::Entry PageTable::find(uint64_t page) const {
  const Node* at = root_;
  for (unsigned level = 3; at != nullptr; --level) {
    const uint64_t slot = at->slots[page >> (level * bits) & (fan_out - 1)];
    if (level == 0) return slot == 0 ? Entry{} : unpack(slot);
    at = node(slot);
  }
  return {};
}

bool PageTable::set(uint64_t page, const Entry& entry) {
  CHECK(page < uint64_t{1} << 4 * bits);
  CHECK((reinterpret_cast<uint64_t>(entry.frame) & (page_size - 1)) == 0);  // SAFETY: its low bits are looked at
  const auto make = [&] { return reinterpret_cast<Node*>(pool_->take()); };  // SAFETY: a zeroed page is an empty node
  if (root_ == nullptr) root_ = make();
  Node* at = root_;
  for (unsigned level = 3; level > 0 && at != nullptr; --level) {
    uint64_t& slot = at->slots[page >> (level * bits) & (fan_out - 1)];
    // A node made on the way to a failure stays, empty: clear() finds it.
    if (slot == 0) slot = reinterpret_cast<uint64_t>(make());
    at = node(slot);
  }
  if (at == nullptr) return false;
  at->slots[page & (fan_out - 1)] = pack(entry);
  return true;
}

void PageTable::drop(Node* from, unsigned level) {
  if (level > 0) {
    for (const uint64_t slot : from->slots) {
      if (slot != 0) drop(node(slot), level - 1);
    }
  }
  pool_->give_back(reinterpret_cast<std::byte*>(from));  // SAFETY: taken from it
}

void PageTable::clear() {
  if (root_ != nullptr) drop(root_, 3);
  root_ = nullptr;
}

}  // namespace cupel::on_linux
