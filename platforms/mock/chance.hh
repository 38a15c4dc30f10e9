#pragma once
#include <cstdint>

namespace cupel::mock {

// Vigna's splitmix64: every seed is a good one, and its state is one word to save and restore.
constexpr uint64_t splitmix64(uint64_t& state) {
  uint64_t mixed = state += 0x9e37'79b9'7f4a'7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58'476d'1ce4'e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d0'49bb'1331'11eb;
  return mixed ^ (mixed >> 31);
}

}  // namespace cupel::mock
