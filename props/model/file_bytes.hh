#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cupel::props {

// A file's contents, or a memory's: as long as one likes, zero where nothing was written.
class FileBytes {
 public:
  void clear() { pages_.clear(), store_.clear(); }
  void read(uint64_t offset, std::span<std::byte> out) const;
  void write(uint64_t offset, std::span<const std::byte> bytes);
  void zero(uint64_t begin, uint64_t end);

  // --- by page ---
  bool has(uint64_t number) const { return find(number) != nullptr; }
  // Its bytes are anybody's guess from now on.
  void doubt(uint64_t number) { find_or_make(number).doubtful = true; }
  bool is_doubtful(uint64_t number) const;
  // As if nothing had been written to the pages from `first` up to `last`.
  void drop(uint64_t first, uint64_t last);
  // The numbers of those from `first` up to `last` that were written.
  template <class Visit>
  void each(uint64_t first, uint64_t last, Visit visit) const {
    for (const Page& page : pages_) {
      if (page.number >= first && page.number < last) visit(page.number);
    }
  }

 private:
  struct Page {
    uint64_t number;
    size_t at;  // where its bytes are in store_
    bool doubtful = false;
  };
  const Page* find(uint64_t number) const;
  Page& find_or_make(uint64_t number);

  std::vector<Page> pages_;  // by number
  std::vector<std::byte> store_;
};

}  // namespace cupel::props
