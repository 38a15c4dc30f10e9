#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <vector>

namespace cupel::mock_snp {

// Contents of pages by number. A page costs its bytes only once a word of it is looked at; until then it is a pattern.
class PageStore {
 public:
  static constexpr uint32_t words = 512;
  explicit PageStore(uint32_t pages) : entries_(pages) {}

  // All pages become `pattern`.
  void reset(uint64_t pattern) {
    for (const uint32_t page : touched_) entries_[page] = {};
    touched_.clear();
    pattern_ = pattern;
    used_ = 0;
  }
  void fill(uint32_t page, uint64_t pattern) {
    Entry& entry = touch(page);
    entry.pattern = pattern;
    if (entry.body != nullptr) entry.body->words.fill(pattern);
  }
  uint64_t* words_of(uint32_t page) {
    Entry& entry = touch(page);
    if (entry.body == nullptr) {
      if (used_ == bodies_.size()) bodies_.emplace_back();
      entry.body = &bodies_[used_++];
      entry.body->words.fill(entry.pattern);
    }
    return entry.body->words.data();
  }
  bool is_all(uint32_t page, uint64_t value) const {
    const Entry& entry = entries_[page];
    if (!entry.touched) return pattern_ == value;
    if (entry.body == nullptr) return entry.pattern == value;
    for (const uint64_t word : entry.body->words) {
      if (word != value) return false;
    }
    return true;
  }

 private:
  struct alignas(4096) Body {  // so that an address says which page it is in
    std::array<uint64_t, PageStore::words> words;
  };
  struct Entry {
    bool touched = false;
    uint64_t pattern = 0;
    Body* body = nullptr;
  };
  Entry& touch(uint32_t page) {
    Entry& entry = entries_[page];
    if (!entry.touched) {
      entry.touched = true;
      entry.pattern = pattern_;
      touched_.push_back(page);
    }
    return entry;
  }

  std::vector<Entry> entries_;
  std::vector<uint32_t> touched_;
  std::deque<Body> bodies_;  // a deque: pages are pointed at while more are added
  size_t used_ = 0;
  uint64_t pattern_ = 0;
};

}  // namespace cupel::mock_snp
