#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cupel::image {

struct PhysicalRange {
  uint64_t start = 0, size = 0;
  uint64_t end() const { return start + size; }
};

// Reads physical memory that boot data speaks of. `size` bytes at `address`, or nothing where that is not mapped.
class PhysicalMemory {
 public:
  PhysicalMemory(const std::byte* base, uint64_t limit) : base_(base), limit_(limit) {}
  std::optional<std::span<const std::byte>> at(uint64_t address, uint64_t size) const {
    if (address == 0 || address > limit_ || size > limit_ - address) return std::nullopt;
    return std::span(base_ + address, size);
  }
  uint64_t limit() const { return limit_; }

 private:
  const std::byte* base_;
  uint64_t limit_;
};

// What a PVH loader says (Xen's start_info.h). All of it is the host's: each field is copied once and bounded, and whatever
// does not fit is left out.
struct BootInfo {
  static constexpr size_t ranges_max = 32;
  std::array<PhysicalRange, ranges_max> memory_array{};  // usable, whole pages
  size_t memory_count = 0;
  std::string_view command_line;  // at most command_line_max bytes, and still in the host's memory
  std::span<const std::byte> archive;  // the first module
  PhysicalRange module;

  static constexpr size_t command_line_max = 65536;
  std::span<const PhysicalRange> memory() const { return {memory_array.data(), memory_count}; }
};

// Nothing where `address` leads to no start info.
std::optional<BootInfo> read_boot_info(const PhysicalMemory& memory, uint64_t address);

// The largest stretch of usable memory at or above `floor` which no `taken` range overlaps.
PhysicalRange largest_free(std::span<const PhysicalRange> memory, uint64_t floor, std::span<const PhysicalRange> taken, uint64_t limit);

}  // namespace cupel::image
