#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "libos/base/arena_math.hh"
#include "libos/base/check.hh"
#include "libos/base/result.hh"

namespace cupel {

// The one region in which all state of a machine lives. The arena's own bookkeeping sits at its start, so copying the
// bytes [0, touched_size()) away and back resets a machine, whatever it had grown into.
//
// Every allocation can fail (Errno::nomem): the region is full, or the fault plan said so. Memory is handed out filled
// with a pattern, never as it was found: what a run computes cannot depend on what an earlier run left behind, and a
// run repeated under another pattern shows whether uninitialised bytes reach the guest.
//
// Not thread-safe: callers hold the machine lock.
class Arena {
 public:
  // Builds an arena in `region`, which must be 4096-aligned, at least min_size bytes and at most arena_math::size_max.
  static Arena* create(std::span<std::byte> region);
  static constexpr size_t min_size = 64 * 1024;

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `size` bytes, 16-aligned (4096-aligned for whole pages). Free with the same size.
  [[nodiscard]] Result<void*> allocate(size_t size);
  void free(void* block, size_t size);

  template <class T, class... Args>
  [[nodiscard]] Result<T*> make(Args&&... args) {
    static_assert(alignof(T) <= 16);
    void* block = TRY(allocate(sizeof(T)));
    return new (block) T(std::forward<Args>(args)...);
  }

  template <class T>
  void destroy(T* object) {
    object->~T();
    free(object, sizeof(T));
  }

  size_t allocated_size() const { return allocated_size_; }    // bytes handed out now, rounded to their size classes
  size_t allocation_count() const { return allocation_count_; }  // allocations ever asked for, failed ones included
  size_t refusal_count() const { return refusal_count_; }      // of these, those which failed
  size_t touched_size() const { return touched_size_; }        // bytes from the start that may differ from the fresh region
  size_t size() const { return size_; }

  // The allocation that is `ahead` from now (1 = the next) fails; 0 = none.
  void fail_allocation(uint64_t ahead) { fail_at_ = ahead == 0 ? 0 : allocation_count_ + ahead; }
  // What fresh allocations are filled with.
  void set_fill(std::byte fill) { fill_ = fill; }

  // Walks every free list; a CHECK fails where the bookkeeping is damaged.
  void check() const;

  // Tells the sanitizer which bytes may be used, after the region was restored from a copy.
  void repoison();

  // Where the machine keeps its root, so that it can be found again in the region.
  void* root = nullptr;

 private:
  explicit Arena(size_t size);

  struct FreeBlock {
    FreeBlock* next;
  };
  Result<std::byte*> take_block(size_t size);
  std::byte* base() { return reinterpret_cast<std::byte*>(this); }  // SAFETY: the arena is the region's first object

  size_t size_;
  size_t bump_;          // next never-used byte for blocks under a page
  size_t bump_end_;      // end of the page run the small bump allocates from
  size_t touched_size_;
  size_t allocated_size_ = 0;
  size_t allocation_count_ = 0;
  size_t refusal_count_ = 0;
  size_t fail_at_ = 0;
  std::byte fill_{0};
  std::array<FreeBlock*, arena_math::class_count> free_{};
};

}  // namespace cupel
