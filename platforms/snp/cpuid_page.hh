#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include "platforms/snp/ghcb.hh"

// The CPUID page (SNP firmware ABI 56860, table 16): private and validated at launch, but its values are the hypervisor's within
// what the secure processor lets pass. Copied once, checked as a whole, and then read from the copy.
namespace cupel::snp {

inline constexpr uint64_t cpuid_rows_max = 64;
inline constexpr uint64_t cpuid_page_words = 0xc10 / 8;

struct CpuidRow {
  uint32_t leaf = 0, subleaf = 0;
  uint64_t xcr0 = 0, xss = 0;
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  friend bool operator==(const CpuidRow&, const CpuidRow&) = default;
};

// What of a leaf depends on the running processor, and who says so.
struct CpuidState {
  bool osxsave = false, protection_keys = false;
  uint64_t xcr0 = 1, xss = 0;
};

enum class CpuidFault : uint8_t { count, reserved, duplicate, missing_leaf, no_snp, save_area };

// Whether a leaf has subleaves: of others ECX does not matter, and matching it would lose the leaf.
constexpr bool cpuid_indexed(uint32_t leaf) {
  switch (leaf) {
    case 4: case 7: case 0xb: case 0xd: case 0xf: case 0x10: case 0x12: case 0x14: case 0x17: case 0x18: case 0x1d: case 0x1e: case 0x1f: case 0x24:
    case 0x8000'001d: case 0x8000'0020: case 0x8000'0026: return true;
    default: return false;
  }
}

// The legacy area and header of an XSAVE area; what goes beyond our buffer is refused.
inline constexpr uint64_t xsave_size_min = 0x240, xsave_size_max = 0x4000;

// One component's part in the area's size: compacted areas add its size, others must reach its end.
template <class Word>
constexpr Word save_area_with(const Word& so_far, const Word& offset, const Word& size, bool compacted) {
  if (compacted) return so_far + size;
  const Word end = offset + size;
  if (end < so_far) return so_far;
  return end;
}
// The number of rows, which is an index bound from here on.
template <class Word>
constexpr bool cpuid_count_accepted(const Word& count) {
  if (count == Word(0)) return false;
  return static_cast<bool>(count <= Word(cpuid_rows_max));
}
// What of a register comes from the hypervisor (the APIC id's bits), and the rest from the table.
template <class Word>
constexpr Word blended(const Word& table, const Word& hypervisor, const Word& mask) {
  return (table & ~mask) | (hypervisor & mask);
}

class CpuidTable {
 public:
  // From a private copy of the page's words; nothing of it is trusted before all of it was looked at.
  static std::expected<CpuidTable, CpuidFault> parse(std::span<const uint64_t, cpuid_page_words> words);

  // Leaves that are not there are zeros, as they are beyond the last one on a processor.
  Registers lookup(uint32_t leaf, uint32_t subleaf, const CpuidState& state = {}) const;
  const CpuidRow* find(uint32_t leaf, uint32_t subleaf) const;
  // The size of the XSAVE area; nothing where a component has no row, or it would not fit.
  std::expected<uint64_t, CpuidFault> save_area_size(uint64_t components, bool compacted) const;
  unsigned c_bit() const { return c_bit_; }
  uint64_t count() const { return count_; }

 private:
  std::expected<void, CpuidFault> check();

  std::array<CpuidRow, cpuid_rows_max> rows_{};
  uint64_t count_ = 0;
  unsigned c_bit_ = 0;
};

}  // namespace cupel::snp
