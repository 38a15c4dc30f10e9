#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "libos/base/page.hh"
#include "libos/platform/platform.hh"

namespace cupel::on_linux {

// Zeroed pages for page tables, from a fixed stretch of shared memory.
class TablePool {
 public:
  TablePool(std::byte* pages, uint64_t count) : next_(pages), left_(count) {}
  std::byte* take();  // nullptr: none is left
  void give_back(std::byte* page);
  uint64_t taken() const { return taken_; }

 private:
  struct Free {
    Free* next;
  };
  Free* free_ = nullptr;
  std::byte* next_;
  uint64_t left_;
  uint64_t taken_ = 0;
};

// What is installed in a guest's address space, by page: a radix tree of four levels, as the hardware's. It lies in shared
// memory, so that every process of the machine can look at any space. Changed with the machine lock held.
class PageTable {
 public:
  struct Entry {
    std::byte* frame = nullptr;  // nullptr: nothing is installed
    platform::Access access = platform::Access::none;
    bool in_host = false;        // the process that runs the space has it mapped
  };

  explicit PageTable(TablePool& pool) : pool_(&pool) {}
  Entry find(uint64_t page) const;
  // False where the pool is empty; then nothing has changed.
  bool set(uint64_t page, const Entry& entry);
  // Visits what is installed in [first, first + count), ascending; `visit(page, entry&)` may change the entry, and remove it by
  // setting frame to nullptr.
  template <class Visit>
  void each(uint64_t first, uint64_t count, Visit visit) {
    if (root_ != nullptr && count > 0) walk(*root_, 3, 0, first, first + count - 1, visit);
  }
  // Gives all its pages back.
  void clear();

 private:
  static constexpr unsigned bits = 9;
  static constexpr uint64_t fan_out = uint64_t{1} << bits;
  static constexpr uint64_t frame_mask = ~uint64_t{page_size - 1};
  static constexpr uint64_t in_host_bit = 8;
  struct Node {
    std::array<uint64_t, fan_out> slots;  // pointers to nodes; at the leaves frames, with access and in_host in the low bits
  };
  static_assert(sizeof(Node) == page_size);

  // SAFETY: each slot above the leaves holds 0 or a node taken from the pool; each leaf slot 0 or what pack() made.
  static Node* node(uint64_t slot) { return reinterpret_cast<Node*>(slot); }
  static uint64_t pack(const Entry& entry) {
    return reinterpret_cast<uint64_t>(entry.frame) | static_cast<uint64_t>(entry.access) | (entry.in_host ? in_host_bit : 0);
  }
  static Entry unpack(uint64_t slot) {
    return {reinterpret_cast<std::byte*>(slot & frame_mask), static_cast<platform::Access>(slot & 7), (slot & in_host_bit) != 0};
  }
  void drop(Node* from, unsigned level);

  template <class Visit>
  static void walk(Node& in, unsigned level, uint64_t base, uint64_t first, uint64_t last, Visit& visit) {
    const unsigned shift = level * bits;
    const uint64_t low = first <= base ? 0 : (first - base) >> shift;
    for (uint64_t index = low; index < fan_out; ++index) {
      const uint64_t at = base + (index << shift);
      if (at > last) return;
      uint64_t& slot = in.slots[index];
      if (slot == 0) continue;
      if (level > 0) {
        walk(*node(slot), level - 1, at, first, last, visit);
        continue;
      }
      Entry entry = unpack(slot);
      visit(at, entry);
      slot = entry.frame == nullptr ? 0 : pack(entry);
    }
  }

  TablePool* pool_;
  Node* root_ = nullptr;
};

}  // namespace cupel::on_linux
