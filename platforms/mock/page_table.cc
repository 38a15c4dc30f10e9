#include "platforms/mock/page_table.hh"

#include <algorithm>

#include "libos/base/check.hh"

namespace cupel::mock {

const PageTable::Entry* PageTable::search(uint64_t page) const {
  for (size_t index = home(page);; index = (index + 1) & (slots_.size() - 1)) {
    if (slots_[index].page == page) {
      last_ = index;
      return &slots_[index];
    }
    if (slots_[index].page == no_page) return nullptr;
  }
}

void PageTable::install(uint64_t page, std::byte* frame, platform::Access access) {
  CHECK(page != no_page);
  if (2 * (count_ + 1) > slots_.size()) grow();
  size_t index = home(page);
  while (slots_[index].page != page && slots_[index].page != no_page) index = (index + 1) & (slots_.size() - 1);
  const bool same = slots_[index].page == page && slots_[index].frame == frame;
  if (slots_[index].marked && !same) marks_intact_ = false;
  if (slots_[index].page == no_page) ++count_;
  slots_[index] = {page, frame, access, same && slots_[index].marked};
}

void PageTable::mark() {
  marks_intact_ = true;
  for (Entry& entry : slots_) entry.marked = entry.page != no_page;
}

void PageTable::grow() {
  std::vector<Entry> old(2 * slots_.size());
  old.swap(slots_);
  for (const Entry& entry : old) {
    if (entry.page == no_page) continue;
    size_t index = home(entry.page);
    while (slots_[index].page != no_page) index = (index + 1) & (slots_.size() - 1);
    slots_[index] = entry;
  }
}

// Closes the gap by moving back what had been displaced over it, so that no search needs to pass a tombstone.
void PageTable::erase(size_t index) {
  const size_t mask = slots_.size() - 1;
  --count_;
  if (slots_[index].marked) marks_intact_ = false;
  for (size_t next = (index + 1) & mask; slots_[next].page != no_page; next = (next + 1) & mask) {
    const size_t displaced = (next - home(slots_[next].page)) & mask;
    if (displaced < ((next - index) & mask)) continue;
    slots_[index] = slots_[next];
    index = next;
  }
  slots_[index] = {};
}

// A range may be half of all addresses: then it is cheaper to look at what is there.
template <class Act>
void PageTable::each_in(uint64_t first, uint64_t count, Act act) {
  if (count <= count_) {
    for (uint64_t page = first; page < first + count; ++page) {
      if (const Entry* entry = find(page); entry != nullptr) act(static_cast<size_t>(entry - slots_.data()));
    }
    return;
  }
  std::vector<uint64_t> inside;
  for (const Entry& entry : slots_) {
    if (entry.page != no_page && entry.page - first < count) inside.push_back(entry.page);
  }
  for (const uint64_t page : inside) act(static_cast<size_t>(find(page) - slots_.data()));
}

void PageTable::remove(uint64_t first, uint64_t count) {
  each_in(first, count, [&](size_t index) { erase(index); });
}

void PageTable::protect(uint64_t first, uint64_t count, platform::Access access) {
  each_in(first, count, [&](size_t index) { slots_[index].access = access; });
}

void PageTable::clear() {
  if (count_ == 0) return;
  each([&](const Entry& entry) { marks_intact_ &= !entry.marked; });
  std::ranges::fill(slots_, Entry{});
  count_ = 0;
}

}  // namespace cupel::mock
