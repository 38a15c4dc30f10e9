#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "platforms/mock/snp/table.hh"

namespace cupel::mock_snp {

inline constexpr uint32_t words_of_page = 512;

// Contents of pages by number. A page costs its bytes only once a word of it is looked at; until then it is a pattern.
template <uint32_t pages>
class PageStore {
 public:
  static constexpr uint32_t words = words_of_page;

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
    Entry& entry = entries_[page];
    return entry.body != nullptr ? entry.body->words.data() : first_words_of(page);
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
    std::array<uint64_t, words_of_page> words;
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

  uint64_t* first_words_of(uint32_t page) {
    Entry& entry = touch(page);
    if (used_ == bodies_.size()) bodies_.emplace_back();
    entry.body = &bodies_[used_++];
    entry.body->words.fill(entry.pattern);
    return entry.body->words.data();
  }

  Table<Entry, pages> entries_;
  std::vector<uint32_t> touched_;
  std::deque<Body> bodies_;  // a deque: pages are pointed at while more are added
  size_t used_ = 0;
  uint64_t pattern_ = 0;
};

}  // namespace cupel::mock_snp
