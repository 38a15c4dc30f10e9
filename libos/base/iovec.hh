#pragma once
#include <span>

#include "libos/base/file_range.hh"
#include "libos/base/result.hh"

// Sizes of vectored transfers: readv(2), writev(2), sendmsg(2) and their kin, as lib/iov_iter.c of Linux counts them.
namespace cupel {

// How many of the next segment's `size` bytes take part, when the segments before it hold `total` bytes: what exceeds
// transfer_size_max is left out, not refused. EINVAL where the size is negative. `total` must not exceed the maximum.
template <class Word>
constexpr Result<Word> segment_size(const Word& total, const Word& size) {
  if (size > Word(file_offset_max)) return fail(Errno::inval);
  if (size > Word(transfer_size_max) - total) return Word(transfer_size_max) - total;
  return size;
}

// How many bytes segments of these sizes transfer together. A negative size is EINVAL wherever it stands: Linux looks
// at all of them before it moves a byte.
template <class Word>
constexpr Result<Word> segments_size(std::span<const Word> sizes) {
  Word total(0);
  for (const Word& size : sizes) total += TRY(segment_size(total, size));
  return total;
}

}  // namespace cupel
