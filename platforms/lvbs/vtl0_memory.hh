#pragma once
#include <cstring>
#include <span>

#include "platforms/lvbs/core.hh"
#include "platforms/lvbs/frames.hh"

namespace cupel::lvbs {

// Whether the frames [first, first + count) and [low, high) have none in common. `first + count` does not wrap: within().
template <class Word>
constexpr bool apart(const Word& first, const Word& count, const Word& low, const Word& high) {
  if (first >= high) return true;
  return static_cast<bool>(first + count <= low);
}

// VTL0's memory as it may be read: each byte once in a call, from memory that is VTL0's. What is judged and used afterwards is
// the copy.
template <VtlHardware Hardware>
class Vtl0Memory {
 public:
  explicit Vtl0Memory(Core<Hardware>& core) : core_(core) {}

  void begin_call() { read_count_ = 0; }
  bool is_vtl0(uint64_t gpa, uint64_t size) const {
    if (!within<uint64_t>(gpa, size, core_.layout().ram_end << 12)) return false;
    const uint64_t first = gpa >> 12, frames = ((gpa + size - 1) >> 12) - first + 1;
    return apart<uint64_t>(first, frames, core_.layout().first, core_.layout().end);
  }
  // Copies bytes from an address that is a multiple of 8. EINVAL where it is no memory of VTL0's, or was read in this call before.
  [[nodiscard]] Result<> copy(uint64_t gpa, std::span<uint8_t> into, const Site* site) {
    if (gpa % 8 != 0 || !is_vtl0(gpa, into.size())) return fail(Errno::inval);
    if (!remember(gpa, (into.size() + 7) & ~uint64_t{7})) return fail(Errno::inval);
    for (uint64_t offset = 0; offset < into.size(); offset += 8) {
      const uint64_t word = core_.hardware.vtl0_64(gpa + offset).read_once(site).clamped(0, UINT64_MAX);
      std::memcpy(into.data() + offset, &word, into.size() - offset < 8 ? into.size() - offset : 8);
    }
    return {};
  }
  [[nodiscard]] Result<> copy_words(uint64_t gpa, std::span<uint64_t> into, const Site* site) {
    return copy(gpa, {reinterpret_cast<uint8_t*>(into.data()), into.size_bytes()}, site);  // SAFETY: words as bytes
  }

 private:
  // Notes what is read; false where a byte of it was read before, or there is no room to know.
  bool remember(uint64_t begin, uint64_t size) {
    for (unsigned index = 0; index < read_count_; ++index) {
      if (begin < read_[index].end && read_[index].begin < begin + size) return false;
    }
    if (read_count_ > 0 && read_[read_count_ - 1].end == begin) {
      read_[read_count_ - 1].end = begin + size;
      return true;
    }
    if (read_count_ == read_max) return false;
    read_[read_count_++] = {begin, begin + size};
    return true;
  }

  static constexpr unsigned read_max = 512;
  struct Interval {
    uint64_t begin = 0, end = 0;
  };
  Core<Hardware>& core_;
  Interval read_[read_max];
  unsigned read_count_ = 0;
};

}  // namespace cupel::lvbs
