#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "libos/platform/platform.hh"

namespace cupel::mock {

// What is installed in one simulated address space: page number to frame. An open-addressed hash, because the mock is
// judged by how fast it copies small things and how fast it is put back, not by how it treats a terabyte.
class PageTable {
 public:
  struct Entry {
    uint64_t page = no_page;  // address / 4096
    std::byte* frame = nullptr;
    platform::Access access = platform::Access::none;
    bool marked = false;
  };

  PageTable() : slots_(slots_min) {}

  // The page's entry, or nullptr. Valid until the next change.
  const Entry* find(uint64_t page) const {
    if (slots_[last_].page == page) return &slots_[last_];
    return search(page);
  }
  void install(uint64_t page, std::byte* frame, platform::Access access);
  void remove(uint64_t first, uint64_t count);
  void protect(uint64_t first, uint64_t count, platform::Access access);
  void clear();

  // Marks every entry there is, and says later whether all marked entries are still there with their frames.
  void mark();
  bool marks_intact() const { return marks_intact_; }

  size_t count() const { return count_; }
  // Visits every entry, in an order that depends on nothing but the table's history.
  template <class Visit>
  void each(Visit visit) const {
    for (const Entry& entry : slots_) {
      if (entry.page != no_page) visit(entry);
    }
  }

 private:
  static constexpr uint64_t no_page = UINT64_MAX;  // no address has it: pages are addresses / 4096
  static constexpr size_t slots_min = 64;          // a power of two, as all its successors

  size_t home(uint64_t page) const { return (page * 0x9e37'79b9'7f4a'7c15 >> 32) & (slots_.size() - 1); }
  const Entry* search(uint64_t page) const;
  void erase(size_t index);
  void grow();
  template <class Act>
  void each_in(uint64_t first, uint64_t count, Act act);

  std::vector<Entry> slots_;
  size_t count_ = 0;
  bool marks_intact_ = true;
  mutable size_t last_ = 0;  // where the last search ended well
};

}  // namespace cupel::mock
