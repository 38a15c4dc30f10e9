#pragma once
#include <cstdint>

#include "libos/base/result.hh"

// Address arithmetic shared by all layers. Templates over the word type: shipped with uint64_t, proved with lift::U64.
namespace cupel {

inline constexpr uint64_t page_size = 4096;
inline constexpr uint64_t page_shift = 12;
// TASK_SIZE_MAX of x86-64 with four-level paging: the first address no user mapping may reach.
inline constexpr uint64_t user_limit = 0x7fff'ffff'f000;

template <class Word>
constexpr Word page_floor(const Word& address) {
  return address & ~Word(page_size - 1);
}

// Rounds up to a page; ENOMEM where that would wrap.
template <class Word>
constexpr Result<Word> page_ceil(const Word& address) {
  if (address > ~Word(0) - Word(page_size - 1)) return fail(Errno::nomem);
  return (address + Word(page_size - 1)) & ~Word(page_size - 1);
}

template <class Word>
struct Range {
  Word base;
  Word size;
};

// A guest's [base, base+size) lies wholly under `limit`: EFAULT otherwise. The sum is never formed: it could wrap.
template <class Word>
constexpr Result<Range<Word>> user_range(const Word& base, const Word& size, const Word& limit) {
  if (base > limit) return fail(Errno::fault);
  if (size > limit - base) return fail(Errno::fault);
  return Range<Word>{base, size};
}

}  // namespace cupel
