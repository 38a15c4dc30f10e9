#pragma once
#include "fuzz/snp/guest_target.hh"

// What an honest launch puts into a guest's special pages.
namespace cupel::fuzz::snp {

inline void put_cpuid_page(World& world, uint64_t c_bit) {
  static constexpr uint32_t rows[][3] = {{0, 0, 0xd}, {1, 0, 0xa10f11}, {7, 0, 1}, {0xd, 0, 7}, {0xd, 1, 0xf}, {0x8000'0000, 0, 0x8000'0028}, {0x8000'001f, 0, 0x1a}};
  const uint64_t base = address_of(frames::cpuid);
  world.system.word(base) = std::size(rows);
  for (size_t index = 0; index < std::size(rows); ++index) {
    const auto& [leaf, subleaf, eax] = rows[index];
    const uint64_t at = base + 0x10 + index * 0x30;
    world.system.word(at) = uint64_t{subleaf} << 32 | leaf;
    world.system.word(at + 8) = leaf == 0xd ? 1 : 0;
    world.system.word(at + 0x18) = leaf == 0x8000'001f ? c_bit << 32 | eax : eax;
  }
}

inline void put_secrets_page(World& world) {
  const uint64_t base = address_of(frames::secrets);
  world.system.word(base) = 2;
  for (uint64_t word = 0; word < 16; ++word) world.system.word(base + 0x20 + word * 8) = world.next_secret();
}

}  // namespace cupel::fuzz::snp
