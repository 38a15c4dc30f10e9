#pragma once
#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "platforms/lvbs/protection.hh"
#include "platforms/mock/hyperv/frames.hh"

// The machine under both VTLs: its memory, and the second-level tables that say what VTL0 may do with each frame.
namespace cupel::mock_hyperv {

inline constexpr uint64_t words_of_page = 512, page_bytes = 4096, memory_bytes = frames::count * page_bytes;

class Machine {
 public:
  Machine() : words_(frames::count * words_of_page), image_(words_.size()) { flags.fill(lvbs::protection::open); }
  // What memory holds when a run begins.
  void set_image(std::vector<uint64_t> image) { image_ = std::move(image), words_ = image_; }
  void reset();

  uint64_t& word(uint64_t gpa) {
    touch(gpa >> 12);
    return words_[gpa / 8];
  }
  const uint64_t* page(uint64_t gfn) const { return &words_[gfn * words_of_page]; }
  void* raw(uint64_t gpa) { return reinterpret_cast<uint8_t*>(words_.data()) + gpa; }  // SAFETY: within the mock's memory, as bytes
  uint64_t address_of(const volatile void* place) const {
    return reinterpret_cast<uintptr_t>(place) - reinterpret_cast<uintptr_t>(words_.data());  // SAFETY: the distance within one array
  }
  void touch(uint64_t gfn) {
    if (!touched_[gfn]) touched_[gfn] = true, list_.push_back(static_cast<uint32_t>(gfn));
  }
  static bool is_vtl1(uint64_t gfn) { return gfn >= frames::vtl1 && gfn < frames::vtl1_end; }
  static bool is_ram(uint64_t gfn) { return gfn < frames::count; }
  uint64_t hash_of(uint64_t gfn) const;
  // VTL0's own store; false: the second-level tables forbid it.
  bool vtl0_write(uint64_t gpa, uint64_t value, unsigned size = 8);
  std::optional<uint64_t> vtl0_read(uint64_t gpa) const;

  // Second-level tables, and what the hypervisor was told else.
  std::array<uint8_t, frames::count> flags{};
  bool protection_enabled = false;
  uint64_t partition_config = 0, secure_config = 0;
  std::bitset<frames::processors> vtl1_enabled{1};
  std::unordered_map<uint32_t, uint64_t> msrs;
  // Registers of VTL0, by processor and name.
  std::array<std::unordered_map<uint32_t, uint64_t>, frames::processors> vtl0_registers;

 private:
  std::vector<uint64_t> words_, image_;
  std::array<bool, frames::count> touched_{};
  std::vector<uint32_t> list_;
};

}  // namespace cupel::mock_hyperv
