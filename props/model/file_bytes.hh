#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cupel::props {

// A file's contents: as long as one likes, zero where nothing was written.
class FileBytes {
 public:
  void clear() { pages_.clear(), store_.clear(); }
  void read(uint64_t offset, std::span<std::byte> out) const;
  void write(uint64_t offset, std::span<const std::byte> bytes);
  void zero(uint64_t begin, uint64_t end);

 private:
  struct Page {
    uint64_t number;
    size_t at;  // where its bytes are in store_
  };
  const Page* find(uint64_t number) const;
  Page& find_or_make(uint64_t number);

  std::vector<Page> pages_;  // by number
  std::vector<std::byte> store_;
};

}  // namespace cupel::props
