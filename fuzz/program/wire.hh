#pragma once
#include <algorithm>
#include <bit>
#include <cstring>

#include "fuzz/program/program.hh"

// The parts of which encoded programs are made.
namespace cupel::fuzz::wire {

// A number's first byte: itself, one of the small negatives, how many bytes follow, or which reference does.
inline constexpr uint8_t small_count = 0xe0;     // below: the number itself
inline constexpr uint8_t negative_tag = 0xe0;    // -1 - (tag - negative_tag), eight of them
inline constexpr uint8_t bytes_tag = 0xe8;       // tag - bytes_tag + 1 bytes follow
inline constexpr uint8_t reference_tag = 0xf0;   // bit 0: a slot follows; bit 1: a number to add follows

inline constexpr uint8_t count_follows = 1 << 3;  // of a pointer's first byte; the place is below

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  bool at_end() const { return at_ == bytes_.size(); }

  uint8_t byte() { return at_ < bytes_.size() ? bytes_[at_++] : 0; }
  uint64_t number() { return number_after(byte()); }
  uint64_t number_after(uint8_t tag) {
    if (tag < small_count) return tag;
    if (tag < bytes_tag) return ~uint64_t{tag} + negative_tag;
    if (tag >= reference_tag) return tag;
    uint64_t value = 0;
    for (unsigned shift = 0; tag >= bytes_tag; --tag, shift += 8) value |= uint64_t{byte()} << shift;
    return value;
  }
  // Up to `size` bytes, fewer at the end.
  std::span<const std::byte> bytes(size_t size) {
    size = std::min(size, bytes_.size() - at_);
    const auto taken = std::as_bytes(bytes_.subspan(at_, size));
    at_ += size;
    return taken;
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

class Writer {
 public:
  explicit Writer(std::vector<uint8_t>& out) : out_(out) {}

  void byte(uint8_t value) { out_.push_back(value); }
  void number(uint64_t value) {
    if (value < small_count) return byte(static_cast<uint8_t>(value));
    if (~value < bytes_tag - negative_tag) return byte(static_cast<uint8_t>(negative_tag + ~value));
    const unsigned size = (static_cast<unsigned>(std::bit_width(value)) + 7) / 8;
    std::array<uint8_t, 9> text{static_cast<uint8_t>(bytes_tag + size - 1)};
    for (unsigned index = 1; index <= size; ++index, value >>= 8) text[index] = static_cast<uint8_t>(value);
    out_.insert(out_.end(), text.begin(), text.begin() + size + 1);
  }
  void bytes(std::span<const std::byte> bytes) {
    const size_t at = out_.size();
    out_.resize(at + bytes.size());
    if (!bytes.empty()) std::memcpy(out_.data() + at, bytes.data(), bytes.size());
  }

 private:
  std::vector<uint8_t>& out_;
};

}  // namespace cupel::fuzz::wire
