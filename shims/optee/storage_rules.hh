#pragma once
#include <cstdint>

#include "shims/optee/tee.hh"

// What judges flags and positions of stored objects: templates over the word type, so that a proof runs what ships.
namespace cupel::optee::storage {

inline constexpr uint64_t may_read = 1, may_write = 2, may_write_meta = 4, share_read = 0x10, share_write = 0x20, overwrite = 0x400;
inline constexpr uint64_t flags_of_open = may_read | may_write | may_write_meta | share_read | share_write;

// Whether a second handle with flags `b` may be there beside one with flags `a`.
template <class Word>
constexpr bool may_share(const Word& a, const Word& b) {
  const Word either = a | b, both = a & b;
  if ((either & Word(may_write_meta)) != Word(0)) return false;
  if (((a ^ b) & Word(share_read | share_write)) != Word(0)) return false;
  if ((either & Word(may_read)) != Word(0)) {
    if ((both & Word(share_read)) == Word(0)) return false;
  }
  if ((either & Word(may_write)) != Word(0)) {
    if ((both & Word(share_write)) == Word(0)) return false;
  }
  return true;
}

inline constexpr uint64_t position_max = 0xffff'ffff;

// Where `size` bytes end that begin at `position`.
template <class Word>
constexpr TeeResult<Word> end_of(const Word& position, const Word& size, const Word& end_max) {
  if (size > Word(position_max) - position) return refuse(Tee::overflow);
  if (position + size > end_max) return refuse(Tee::storage_no_space);
  return position + size;
}
// `offset` is a signed number of 32 bits; what would lie before the beginning is the beginning.
template <class Word>
constexpr TeeResult<Word> seek(const Word& base, const Word& offset) {
  const Word low = offset & Word(0xffff'ffff);
  if (low >= Word(0x8000'0000)) {
    const Word back = Word(0x1'0000'0000) - low;
    if (back > base) return Word(0);
    return base - back;
  }
  if (low > Word(position_max) - base) return refuse(Tee::bad_parameters);
  return base + low;
}
// How many of `size` bytes can be read at `position` of an object of `total` bytes.
template <class Word>
constexpr Word readable(const Word& position, const Word& size, const Word& total) {
  if (position >= total) return Word(0);
  if (size < total - position) return size;
  return total - position;
}

}  // namespace cupel::optee::storage
