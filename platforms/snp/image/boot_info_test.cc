#include "platforms/snp/image/boot_info.hh"

#include <gmock/gmock.h>

#include <cstring>
#include <vector>

namespace cupel::image {
namespace {

constexpr uint64_t start = 0x100, modules = 0x200, map = 0x300, line = 0x400, module_data = 0x500;

// 4K of physical memory with a start info as QEMU leaves it. Offsets are those of Xen's start_info.h.
class Memory {
 public:
  Memory() : bytes_(4096) {
    put<uint32_t>(start, 0x336e'c578), put<uint32_t>(start + 4, 1), put<uint32_t>(start + 12, 1);
    put<uint64_t>(start + 16, modules), put<uint64_t>(start + 24, line), put<uint64_t>(start + 40, map), put<uint32_t>(start + 48, 2);
    put<uint64_t>(modules, module_data), put<uint64_t>(modules + 8, 16);
    put_entry(0, 0x1234, 0x5000, 1), put_entry(1, 0x10'0000, 0x4'0000, 2);
    std::memcpy(bytes_.data() + line, "sh -c ls", 9);
  }
  template <class T>
  void put(uint64_t address, T value) {
    std::memcpy(bytes_.data() + address, &value, sizeof(value));
  }
  void put_entry(uint64_t index, uint64_t address, uint64_t size, uint32_t type) {
    put<uint64_t>(map + index * 24, address), put<uint64_t>(map + index * 24 + 8, size), put<uint32_t>(map + index * 24 + 16, type);
  }
  void fill(uint64_t address, uint64_t size) { std::memset(bytes_.data() + address, 'x', size); }
  std::optional<BootInfo> read(uint64_t address = start) const { return read_boot_info(PhysicalMemory(bytes_.data(), bytes_.size()), address); }
  const std::byte* at(uint64_t address) const { return bytes_.data() + address; }

 private:
  std::vector<std::byte> bytes_;  // exactly so large: one byte beyond is AddressSanitizer's
};

TEST(BootInfo, IsReadAsALoaderWroteIt) {
  const Memory memory;
  const auto info = memory.read();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->command_line, "sh -c ls");
  EXPECT_EQ(info->archive.data(), memory.at(module_data));
  EXPECT_EQ(info->archive.size(), 16u);
  // Whole pages of what may be used; the reserved range is left out.
  ASSERT_EQ(info->memory_count, 1u);
  EXPECT_EQ(info->memory()[0].start, 0x2000u);
  EXPECT_EQ(info->memory()[0].size, 0x4000u);
}

TEST(BootInfo, AnAddressWithoutAStartInfoIsNone) {
  Memory memory;
  for (const uint64_t address : {uint64_t{0}, start + 8, uint64_t{4095}, uint64_t{4096}, UINT64_MAX}) EXPECT_FALSE(memory.read(address)) << address;
}

TEST(BootInfo, WhatDoesNotLieInMemoryIsLeftOut) {
  for (const uint64_t bad : {uint64_t{0}, uint64_t{4090}, uint64_t{4096}, UINT64_MAX, UINT64_MAX - 8}) {
    Memory memory;
    for (const uint64_t field : {uint64_t{16}, uint64_t{24}, uint64_t{40}}) memory.put<uint64_t>(start + field, bad);
    memory.fill(4000, 96);  // a command line that never ends
    const auto info = memory.read();
    ASSERT_TRUE(info);
    EXPECT_TRUE(info->archive.empty());
    EXPECT_TRUE(info->command_line.empty());
    EXPECT_EQ(info->memory_count, 0u);
  }
}

TEST(BootInfo, AModuleMayNotReachBeyondMemory) {
  for (const uint64_t size : {uint64_t{4096 - module_data + 1}, UINT64_MAX, UINT64_MAX - module_data + 1}) {
    Memory memory;
    memory.put<uint64_t>(modules + 8, size);
    EXPECT_TRUE(memory.read()->archive.empty()) << size;
  }
}

TEST(BootInfo, MemoryThatWrapsOrHasNoWholePageIsLeftOut) {
  Memory memory;
  memory.put_entry(0, 0xffff'ffff'ffff'f000, 0x2000, 1);
  memory.put_entry(1, 0x1001, 0x1ffe, 1);
  EXPECT_EQ(memory.read()->memory_count, 0u);
}

TEST(BootInfo, ManyEntriesAreReadNoFurtherThanThereIsRoom) {
  Memory memory;
  memory.put<uint32_t>(start + 48, UINT32_MAX);
  for (uint64_t index = 0; index < 130; ++index) memory.put_entry(index, 0x1000 * (index + 1), 0x1000, 1);
  EXPECT_EQ(memory.read()->memory_count, BootInfo::ranges_max);
}

TEST(LargestFree, IsWhatTheTakenRangesLeave) {
  const PhysicalRange memory[]{{0x1000, 0x9000}, {0x10'0000, 0x10'0000}};
  const auto free = [&](std::vector<PhysicalRange> taken, uint64_t floor = 0, uint64_t limit = UINT64_MAX) {
    const PhysicalRange found = largest_free(memory, floor, taken, limit);
    return std::pair(found.start, found.end());
  };
  EXPECT_EQ(free({}), std::pair(uint64_t{0x10'0000}, uint64_t{0x20'0000}));
  EXPECT_EQ(free({{0x18'0800, 0x1000}}), std::pair(uint64_t{0x10'0000}, uint64_t{0x18'0000}));
  EXPECT_EQ(free({{0x12'0000, 0x1000}, {0x11'0000, 0x2000}}), std::pair(uint64_t{0x12'1000}, uint64_t{0x20'0000}));
  EXPECT_EQ(free({}, 0x1f'8000), std::pair(uint64_t{0x1f'8000}, uint64_t{0x20'0000}));
  EXPECT_EQ(free({}, 0, 0x10'0000), std::pair(uint64_t{0x1000}, uint64_t{0xa000}));
  EXPECT_EQ(free({{0, 0x100'0000}}).second, 0u);
}

}  // namespace
}  // namespace cupel::image
