#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "shims/optee/tee.hh"

// Private copies of what calls bring and give. A call takes from the end and gives all of it back when it ends; calls within calls
// end first. What is given back is wiped: the next to take it, another application's, finds zeros.
namespace cupel::optee {

inline constexpr size_t scratch_size = 64 * 1024;

class Scratch {
 public:
  TeeResult<std::span<uint8_t>> take(size_t size) {
    if (size > scratch_size - used_) return refuse(Tee::out_of_memory);
    const auto taken = std::span(bytes_).subspan(used_, size);
    used_ += size;
    return taken;
  }
  size_t mark() const { return used_; }
  void release(size_t mark) {
    // SAFETY: volatile, or the compiler may drop stores that nobody reads.
    for (volatile uint8_t* byte = bytes_.data() + mark; byte != bytes_.data() + used_; ++byte) *byte = 0;
    used_ = mark;
  }

 private:
  std::array<uint8_t, scratch_size> bytes_{};
  size_t used_ = 0;
};

}  // namespace cupel::optee
