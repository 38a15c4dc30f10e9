#pragma once
#include <vector>

#include "libos/base/arena.hh"

namespace cupel::fuzz {

// A copy of an arena as it was at one moment, with what the sanitizer knew of it. Putting it back costs what was
// touched: most of a prepared world is guest pages, and of these only the written ones need it.
class ArenaImage {
 public:
  // Takes the image. `guest_pages`: offsets of pages which change through guest addresses alone, ascending.
  void take(Arena& arena, std::span<const size_t> guest_pages);

  // Puts everything back.
  void restore();
  // Puts back all but the guest pages; then the caller names those that were written.
  void restore_without_guest_pages();
  void restore_page(size_t offset);
  // A guest page that was freed and not given out again: only its link in the free list has to go.
  void restore_freed(size_t offset);

 private:
  struct Range {
    size_t offset, size;
  };
  void copy(size_t offset, size_t size);
  void restore_shadow();

  std::byte* base_ = nullptr;
  const Arena* arena_ = nullptr;
  std::vector<std::byte> bytes_;
  std::vector<Range> not_guest_;
  std::vector<std::byte> shadow_;  // AddressSanitizer's bytes for it
};

}  // namespace cupel::fuzz
