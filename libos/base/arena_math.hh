#pragma once
#include <bit>
#include <cstdint>

#include "libos/base/result.hh"

// The arena's arithmetic: which block serves an allocation, and whether it still fits. Blocks come in classes of
// powers of two, so a freed block serves any later allocation of its class.
namespace cupel::arena_math {

inline constexpr uint64_t smallest_shift = 4;  // 16 bytes: the alignment of every block
inline constexpr uint64_t class_count = 40;
inline constexpr uint64_t size_max = uint64_t{1} << (smallest_shift + class_count - 1);  // 8 TiB, the largest class

// The class of the smallest block that holds `size` bytes: below class_count while `size` is at most size_max.
template <class Word>
constexpr Word class_of(const Word& size) {
  using std::bit_width;
  if (size <= Word(uint64_t{1} << smallest_shift)) return Word(0);
  return static_cast<Word>(bit_width(size - Word(1))) - Word(smallest_shift);
}

// Bytes in a block of class `index`, which is below class_count.
template <class Word>
constexpr Word class_size(const Word& index) {
  return Word(1) << (index + Word(smallest_shift));
}

// Takes `size` bytes from the front of what is left of [0, end) after `used`, which is at most `end`: the new `used`.
// ENOMEM where they do not fit.
template <class Word>
constexpr Result<Word> take(const Word& used, const Word& end, const Word& size) {
  if (size > end - used) return fail(Errno::nomem);
  return used + size;
}

}  // namespace cupel::arena_math
