#pragma once
#include <cstddef>
#include <cstdint>

#include "libos/base/page.hh"

namespace cupel::image {

// All of the first 4G, readable and writable by the kernel alone.
inline constexpr uint64_t direct_map = 0xffff'8000'0000'0000;
inline constexpr uint64_t direct_map_size = uint64_t{4} << 30;
inline constexpr uint64_t image_base = 0xffff'ffff'8000'0000;

template <class T>
T* at_physical(uint64_t address) {
  return reinterpret_cast<T*>(direct_map + address);  // SAFETY: mapped, and the caller knows what lies there
}
inline uint64_t physical(const void* pointer) { return reinterpret_cast<uint64_t>(pointer) - direct_map; }  // SAFETY: of the direct map

// Page frames for page tables and kernel stacks; guest pages are the arena's.
class FramePool {
 public:
  void give(uint64_t start, uint64_t size) { next_ = start, end_ = start + size; }
  // A zeroed frame in the direct map; nullptr where there is none.
  void* take();
  void put(void* frame);
  // Frames one behind the other, never given back.
  void* take_run(size_t count);

 private:
  struct Free {
    Free* next;
  };
  Free* free_ = nullptr;
  uint64_t next_ = 0, end_ = 0;
};

}  // namespace cupel::image
