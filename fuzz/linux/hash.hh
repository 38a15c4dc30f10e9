#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace cupel::fuzz {

// A running 64-bit hash by 64x64 to 128-bit multiplication (as wyhash has it). For comparing runs, not for enemies.
class Hash {
 public:
  void add(uint64_t word) {
    const auto product = static_cast<unsigned __int128>(state_ ^ word) * 0x9e37'79b9'7f4a'7c15;
    state_ = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64) ^ 0xa076'1d64'78bd'642f;
  }
  void add(std::span<const std::byte> bytes) {
    add(bytes.size());
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) add(word_at(bytes.data(), 8));
    if (!bytes.empty()) add(word_at(bytes.data(), bytes.size()));
  }
  uint64_t value() const { return state_; }

 private:
  static uint64_t word_at(const std::byte* at, size_t size) {
    uint64_t word = 0;
    std::memcpy(&word, at, size);
    return word;
  }

  uint64_t state_ = 0xe703'7ed1'a0b4'28db;
};

}  // namespace cupel::fuzz
