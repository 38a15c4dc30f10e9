#include "libos/base/iovec.hh"

#include <array>

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U128, lift::U64;

// Bounds the proof: three segments. The step below is what carries it to any number of them.
constexpr size_t segment_count = 3;
using Sizes = std::array<U64, segment_count>;
using SegmentsSize = Result<U64> (*)(const Sizes& sizes);

Bool segments_transfer_the_smaller_of_their_sum_and_the_most_one_call_moves(SegmentsSize segments_size) {
  const Sizes sizes{U64::any("size0"), U64::any("size1"), U64::any("size2")};
  const auto total = segments_size(sizes);
  U128 sum = 0;
  Bool negative = false;
  for (const U64& size : sizes) {
    sum += U128(size);
    negative |= size > file_offset_max;
  }
  if (!total) return negative & (total.error() == Errno::inval);
  return !negative & (U128(*total) == select(sum > transfer_size_max, U128(transfer_size_max), sum));
}

using SegmentSize = Result<U64> (*)(const U64& total, const U64& size);

Bool one_more_segment_keeps_the_total_within_what_one_call_moves(SegmentSize segment_size) {
  const auto total = U64::any("total"), size = U64::any("size");
  assume(total <= transfer_size_max);
  const auto taken = segment_size(total, size);
  if (!taken) return (size > file_offset_max) & (taken.error() == Errno::inval);
  const Bool all_or_full = (*taken == size) | (total + *taken == transfer_size_max);
  return (*taken <= size) & (total + *taken <= transfer_size_max) & (size <= file_offset_max) & all_or_full;
}

Result<U64> shipped(const Sizes& sizes) { return segments_size(std::span<const U64>(sizes)); }

// Cuts once, at the end, as if the sum could not wrap before that.
Result<U64> cuts_only_the_whole(const Sizes& sizes) {
  U64 total = 0;
  for (const U64& size : sizes) {
    if (size > file_offset_max) return fail(Errno::inval);
    total += size;
  }
  return total > transfer_size_max ? U64(transfer_size_max) : total;
}

Result<U64> stops_looking_when_full(const Sizes& sizes) {
  U64 total = 0;
  for (const U64& size : sizes) {
    if (total == transfer_size_max) break;
    total += TRY(segment_size(total, size));
  }
  return total;
}

Result<U64> takes_each_segment_whole(const U64&, const U64& size) {
  if (size > file_offset_max) return fail(Errno::inval);
  return select(size > transfer_size_max, U64(transfer_size_max), size);
}

Result<U64> takes_negative_sizes(const U64& total, const U64& size) {
  const U64 room = U64(transfer_size_max) - total;
  return select(size > room, room, size);
}

Result<U64> drops_what_does_not_fit_whole(const U64& total, const U64& size) {
  if (size > file_offset_max) return fail(Errno::inval);
  if (size > U64(transfer_size_max) - total) return 0;
  return size;
}

const Registration registered{
    proof("libos", "segments_transfer_the_smaller_of_their_sum_and_the_most_one_call_moves",
          segments_transfer_the_smaller_of_their_sum_and_the_most_one_call_moves, shipped,
          {{"cuts_only_the_whole", cuts_only_the_whole}, {"stops_looking_when_full", stops_looking_when_full}}),
    proof("libos", "one_more_segment_keeps_the_total_within_what_one_call_moves",
          one_more_segment_keeps_the_total_within_what_one_call_moves, segment_size<U64>,
          {{"takes_each_segment_whole", takes_each_segment_whole},
           {"takes_negative_sizes", takes_negative_sizes},
           {"drops_what_does_not_fit_whole", drops_what_does_not_fit_whole}}),
};

}  // namespace
}  // namespace cupel::proofs
