#include "fuzz/linux/arena_image.hh"

#include "libos/base/page.hh"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif

namespace cupel::fuzz {
namespace {

// The bytes include ones that the sanitizer has poisoned, so neither memcpy nor a loop may do this.
void copy_raw(void* to, const void* from, size_t size) {
  // SAFETY: both ranges are `size` bytes of ours and do not overlap; the direction flag is clear (System V ABI).
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

#if __has_feature(address_sanitizer)
std::byte* shadow_of(const std::byte* address) {
  constexpr uintptr_t offset = 0x7fff8000;  // x86-64 Linux: SHADOW_OFFSET of AddressSanitizer's mapping, scale 3
  return reinterpret_cast<std::byte*>((reinterpret_cast<uintptr_t>(address) >> 3) + offset);  // SAFETY: mapped by the run-time
}
#endif

}  // namespace

void ArenaImage::take(Arena& arena, std::span<const size_t> guest_pages) {
  arena_ = &arena;
  base_ = reinterpret_cast<std::byte*>(&arena);  // SAFETY: the arena is its region's first object
  bytes_.resize(arena.touched_size());
  copy_raw(bytes_.data(), base_, bytes_.size());
#if __has_feature(address_sanitizer)
  shadow_.resize(bytes_.size() / 8);
  copy_raw(shadow_.data(), shadow_of(base_), shadow_.size());
#endif
  not_guest_.clear();
  size_t begin = 0;
  for (const size_t page : guest_pages) {
    if (begin < page) not_guest_.push_back({begin, page - begin});
    begin = page + page_size;
  }
  if (begin < bytes_.size()) not_guest_.push_back({begin, bytes_.size() - begin});
}

void ArenaImage::copy(size_t offset, size_t size) { copy_raw(base_ + offset, bytes_.data() + offset, size); }

void ArenaImage::restore() {
  restore_shadow();
  copy(0, bytes_.size());
}

void ArenaImage::restore_without_guest_pages() {
  restore_shadow();
  for (const Range& range : not_guest_) copy(range.offset, range.size);
}

void ArenaImage::restore_page(size_t offset) { copy(offset, page_size); }
void ArenaImage::restore_freed(size_t offset) { copy(offset, 16); }

void ArenaImage::restore_shadow() {
#if __has_feature(address_sanitizer)
  const size_t touched = arena_->touched_size();
  if (touched > bytes_.size()) ASAN_POISON_MEMORY_REGION(base_ + bytes_.size(), touched - bytes_.size());
  copy_raw(shadow_of(base_), shadow_.data(), shadow_.size());
#endif
}

}  // namespace cupel::fuzz
