#pragma once
#include <cstdint>

namespace cupel::fuzz {

// Small, fast and good enough to choose what to try (splitmix64: Steele, Lea, Flood 2014). A seed is all its state, so
// starting one costs nothing.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t mixed = state_ += 0x9e37'79b9'7f4a'7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58'476d'1ce4'e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d0'49bb'1331'11eb;
    return mixed ^ mixed >> 31;
  }
  // Less than `bound`, which is not 0. Off by less than 2^-32 from uniform.
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }
  uint32_t between(uint32_t low, uint32_t high) { return low + below(high - low + 1); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  bool percent(uint32_t chance) { return below(100) < chance; }
  // More often the smaller ones.
  uint32_t below_low(uint32_t bound) {
    const uint32_t first = below(bound), second = below(bound);
    return first < second ? first : second;
  }
  template <class C>
  const auto& pick(const C& of) { return of[below(static_cast<uint32_t>(of.size()))]; }

 private:
  uint64_t state_;
};

}  // namespace cupel::fuzz
