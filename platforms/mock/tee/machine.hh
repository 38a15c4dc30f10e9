#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

// Physical memory, and whose each page is. Pages of the normal world that it may not write itself (a hypervisor guards them for us)
// are as little a place for our stores as those that are not its own: who stores there does its work for it.
namespace cupel::mock_tee {

enum class Owner : uint8_t { normal, guarded, secure, device };

inline constexpr uint32_t pages = 64;
inline constexpr uint64_t page_size = 4096, memory_size = pages * page_size;

namespace frames {
inline constexpr uint64_t message = 1, list = 4, data = 8, pool = 24, pool_pages = 8, fixed = 32, fixed_pages = 4, sent = 36, guarded = 48, secure = 52, device = 60;
}

constexpr Owner owner_of(uint64_t page) {
  if (page < frames::guarded) return Owner::normal;
  if (page < frames::secure) return Owner::guarded;
  return page < frames::device ? Owner::secure : Owner::device;
}

class Memory {
 public:
  void reset() {
    for (const uint32_t page : touched_) std::memset(bytes_.data() + page * page_size, 0, page_size), dirty_[page] = false;
    touched_.clear();
  }
  bool holds(uint64_t address, uint64_t size) const { return address <= memory_size && size <= memory_size - address; }
  template <class T>
  T load(uint64_t address) const {
    T value;
    std::memcpy(&value, bytes_.data() + address, sizeof value);
    return value;
  }
  template <class T>
  void store(uint64_t address, T value) {
    touch(address);
    std::memcpy(bytes_.data() + address, &value, sizeof value);
  }
  uint8_t* place(uint64_t address) {
    touch(address);
    return bytes_.data() + address;
  }
  uint64_t address_of(const volatile void* place) const {
    // SAFETY: only places of this memory are asked for.
    return static_cast<uint64_t>(static_cast<const volatile uint8_t*>(place) - bytes_.data());
  }

 private:
  void touch(uint64_t address) {
    const auto page = static_cast<uint32_t>(address / page_size);
    if (!dirty_[page]) dirty_[page] = true, touched_.push_back(page);
  }
  alignas(8) std::array<uint8_t, memory_size> bytes_{};
  std::array<bool, pages> dirty_{};
  std::vector<uint32_t> touched_;
};

}  // namespace cupel::mock_tee
