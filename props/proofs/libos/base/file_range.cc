#include "libos/base/file_range.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U128, lift::U64;

// As Linux sees it: a register is a signed number, and no offset may be above the top.
Bool negative(const U64& value) { return value > file_offset_max; }
Bool past_the_top(const U64& offset, const U64& size) { return U128(offset) + U128(size) > U128(file_offset_max); }

using TransferSize = Result<U64> (*)(const U64& offset, const U64& size);

Bool a_transfer_is_refused_exactly_past_the_top_and_else_only_cut(TransferSize transfer_size) {
  const auto offset = U64::any("offset"), size = U64::any("size");
  const auto moved = transfer_size(offset, size);
  const Bool wrong = negative(offset) | negative(size) | past_the_top(offset, size);
  if (!moved) return wrong & (moved.error() == Errno::inval);
  return !wrong & (*moved == select(size > transfer_size_max, U64(transfer_size_max), size));
}

using WritableSize = Result<U64> (*)(const U64& offset, const U64& size, const U64& file_size_max);

Bool a_write_never_passes_the_file_size_limit(WritableSize writable_size) {
  const auto offset = U64::any("offset"), size = U64::any("size"), limit = U64::any("limit");
  const auto written = writable_size(offset, size, limit);
  if (!written) return (written.error() == Errno::fbig) & (size != 0) & (offset >= limit);
  const Bool within = U128(offset) + U128(*written) <= U128(limit);
  const Bool as_much_as_fits = (*written == size) | (U128(offset) + U128(*written) == U128(limit));
  return implies(size != 0, within & (*written != 0)) & (*written <= size) & as_much_as_fits;
}

using AllocationEnd = Result<U64> (*)(const U64& offset, const U64& size, const U64& file_size_max);

Bool an_allocation_ends_within_the_file_size_limit_or_is_refused(AllocationEnd allocation_end) {
  const auto offset = U64::any("offset"), size = U64::any("size"), limit = U64::any("limit");
  assume(limit <= file_offset_max);
  const auto end = allocation_end(offset, size, limit);
  const Bool invalid = negative(offset) | negative(size) | (size == 0);
  const U128 true_end = U128(offset) + U128(size);
  if (!end) {
    if (end.error() == Errno::inval) return invalid;
    return (end.error() == Errno::fbig) & !invalid & (true_end > U128(limit));
  }
  return !invalid & (U128(*end) == true_end) & (*end <= limit);
}

Result<U64> looks_at_the_sum_alone(const U64& offset, const U64& size) {
  if (offset + size > file_offset_max) return fail(Errno::inval);
  return size > transfer_size_max ? U64(transfer_size_max) : size;
}

Result<U64> moves_all_of_it(const U64& offset, const U64& size) {
  if ((size > file_offset_max) | (offset > file_offset_max)) return fail(Errno::inval);
  if (size > U64(file_offset_max) - offset) return fail(Errno::inval);
  return size;
}

Result<U64> forgets_that_writing_nothing_fits(const U64& offset, const U64& size, const U64& file_size_max) {
  if (offset >= file_size_max) return fail(Errno::fbig);
  if (size > file_size_max - offset) return file_size_max - offset;
  return size;
}

Result<U64> writes_at_the_limit(const U64& offset, const U64& size, const U64& file_size_max) {
  if (size == 0) return size;
  if (offset > file_size_max) return fail(Errno::fbig);
  if (size > file_size_max - offset) return file_size_max - offset;
  return size;
}

Result<U64> compares_the_sum(const U64& offset, const U64& size, const U64& file_size_max) {
  if (size == 0) return size;
  if (offset >= file_size_max) return fail(Errno::fbig);
  if (offset + size > file_size_max) return file_size_max - offset;
  return size;
}

Result<U64> allocates_past_the_limit(const U64& offset, const U64& size, const U64& file_size_max) {
  if ((offset > file_offset_max) | (size > file_offset_max) | (size == 0)) return fail(Errno::inval);
  if (size > file_size_max - offset) return fail(Errno::fbig);
  return offset + size;
}

Result<U64> allocates_nothing(const U64& offset, const U64& size, const U64& file_size_max) {
  if ((offset > file_offset_max) | (size > file_offset_max)) return fail(Errno::inval);
  if ((offset > file_size_max) || (size > file_size_max - offset)) return fail(Errno::fbig);
  return offset + size;
}

const Registration registered{
    proof("libos", "a_transfer_is_refused_exactly_past_the_top_and_else_only_cut",
          a_transfer_is_refused_exactly_past_the_top_and_else_only_cut, transfer_size<U64>,
          {{"looks_at_the_sum_alone", looks_at_the_sum_alone}, {"moves_all_of_it", moves_all_of_it}}),
    proof("libos", "a_write_never_passes_the_file_size_limit", a_write_never_passes_the_file_size_limit,
          writable_size<U64>,
          {{"forgets_that_writing_nothing_fits", forgets_that_writing_nothing_fits},
           {"writes_at_the_limit", writes_at_the_limit},
           {"compares_the_sum", compares_the_sum}}),
    proof("libos", "an_allocation_ends_within_the_file_size_limit_or_is_refused",
          an_allocation_ends_within_the_file_size_limit_or_is_refused, allocation_end<U64>,
          {{"allocates_past_the_limit", allocates_past_the_limit}, {"allocates_nothing", allocates_nothing}}),
};

}  // namespace
}  // namespace cupel::proofs
