#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

// For tests: an ELF file made of what a test says about it.
namespace cupel::libos {

struct TestSegment {
  uint32_t type = 1, flags = 4;
  uint64_t offset = 0, address = 0, file_size = 0, memory_size = 0, alignment = 0x1000;
};

struct TestElf {
  uint16_t type = 2;
  uint64_t entry = 0x40'0100;
  std::vector<TestSegment> segments;
  size_t size = 0x1000;  // of the file
  std::byte filler{0xcc};

  std::vector<std::byte> bytes() const {
    std::vector<std::byte> out(size, filler);
    const auto put = [&](size_t offset, auto value) { std::memcpy(out.data() + offset, &value, sizeof(value)); };
    std::memset(out.data(), 0, 64 + 56 * segments.size());
    std::memcpy(out.data(), "\177ELF\2\1\1", 7);
    put(16, type), put(18, uint16_t{62}), put(20, 1), put(24, entry), put(32, uint64_t{64});
    put(52, uint16_t{64}), put(54, uint16_t{56}), put(56, static_cast<uint16_t>(segments.size()));
    size_t at = 64;
    for (const TestSegment& segment : segments) {
      put(at, segment.type), put(at + 4, segment.flags), put(at + 8, segment.offset), put(at + 16, segment.address), put(at + 24, segment.address);
      put(at + 32, segment.file_size), put(at + 40, segment.memory_size), put(at + 48, segment.alignment);
      at += 56;
    }
    return out;
  }
};

}  // namespace cupel::libos
