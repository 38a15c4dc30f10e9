#include "libos/base/arena.hh"

#include <bit>
#include <cstring>
#include <new>

#include "libos/base/page.hh"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#endif

namespace cupel {
namespace {

constexpr size_t round_up(size_t value, size_t to) { return (value + to - 1) & ~(to - 1); }

}  // namespace

Arena* Arena::create(std::span<std::byte> region) {
  CHECK(region.size() >= min_size);
  CHECK(region.size() <= arena_math::size_max);
  CHECK(std::bit_cast<uintptr_t>(region.data()) % page_size == 0);
  ASAN_UNPOISON_MEMORY_REGION(region.data(), sizeof(Arena));
  auto* arena = new (region.data()) Arena(region.size());
  ASAN_POISON_MEMORY_REGION(region.data() + sizeof(Arena), region.size() - sizeof(Arena));
  return arena;
}

Arena::Arena(size_t size)
    : size_(size), bump_(round_up(sizeof(Arena), 16)), bump_end_(page_size), touched_size_(page_size) {
  static_assert(sizeof(Arena) <= page_size);
}

Result<void*> Arena::allocate(size_t size) {
  ++allocation_count_;
  const auto taken = take_block(size);
  if (!taken) {
    ++refusal_count_;
    return fail(taken.error());
  }
  std::byte* const block = *taken;
  const size_t block_size = arena_math::class_size(arena_math::class_of(size));
  ASAN_UNPOISON_MEMORY_REGION(block, size);
  ASAN_POISON_MEMORY_REGION(block + size, block_size - size);
  std::memset(block, static_cast<int>(fill_), size);
  allocated_size_ += block_size;
  return static_cast<void*>(block);
}

// A free or never-used block of the class that holds `size` bytes.
Result<std::byte*> Arena::take_block(size_t size) {
  if (allocation_count_ == fail_at_) return fail(Errno::nomem);
  if (size > size_) return fail(Errno::nomem);
  const size_t index = arena_math::class_of(size);
  const size_t block_size = arena_math::class_size(index);
  if (free_[index] != nullptr) {
    FreeBlock* head = free_[index];
    ASAN_UNPOISON_MEMORY_REGION(head, block_size);
    free_[index] = head->next;
    return reinterpret_cast<std::byte*>(head);  // SAFETY: a free block of this class, unlinked above
  }
  if (block_size < page_size) {
    if (bump_end_ - bump_ < block_size) {
      bump_end_ = TRY(arena_math::take(touched_size_, size_, size_t{page_size}));
      bump_ = touched_size_;
      touched_size_ = bump_end_;
    }
    std::byte* const block = base() + bump_;
    bump_ += block_size;
    return block;
  }
  const size_t before = touched_size_;
  touched_size_ = TRY(arena_math::take(touched_size_, size_, block_size));
  return base() + before;
}

void Arena::free(void* block, size_t size) {
  CHECK(block != nullptr);
  const size_t index = arena_math::class_of(size);
  const size_t block_size = arena_math::class_size(index);
  CHECK(allocated_size_ >= block_size);
  allocated_size_ -= block_size;
  ASAN_UNPOISON_MEMORY_REGION(block, sizeof(FreeBlock));
  free_[index] = new (block) FreeBlock{free_[index]};
  ASAN_POISON_MEMORY_REGION(block, block_size);
}

void Arena::repoison() {
#if __has_feature(address_sanitizer)
  // Live blocks are not listed anywhere, so only the never-used tail and the free lists can be closed again.
  ASAN_UNPOISON_MEMORY_REGION(base(), touched_size_);
  ASAN_POISON_MEMORY_REGION(base() + touched_size_, size_ - touched_size_);
  ASAN_POISON_MEMORY_REGION(base() + bump_, bump_end_ - bump_);
  for (size_t index = 0; index < arena_math::class_count; ++index) {
    for (FreeBlock* block = free_[index]; block != nullptr;) {
      FreeBlock* next = block->next;
      ASAN_POISON_MEMORY_REGION(block, arena_math::class_size(index));
      block = next;
    }
  }
#endif
}

void Arena::check() const {
  CHECK(touched_size_ <= size_);
  CHECK(allocated_size_ <= touched_size_);
  CHECK(bump_ <= bump_end_);
#if !__has_feature(address_sanitizer)
  const auto* first = reinterpret_cast<const std::byte*>(this);  // SAFETY: as base()
  for (const FreeBlock* head : free_) {
    size_t steps = 0;
    for (const FreeBlock* block = head; block != nullptr; block = block->next) {
      const auto* at = reinterpret_cast<const std::byte*>(block);  // SAFETY: compared, not read
      CHECK(at >= first + sizeof(Arena));
      CHECK(at < first + touched_size_);
      CHECK(++steps <= touched_size_ / 16);  // a cycle would go on for ever
    }
  }
#endif
}

}  // namespace cupel
