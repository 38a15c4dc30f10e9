#include "shims/optee/storage_rules.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64, lift::U128;
using namespace optee;
using namespace optee::storage;

using MayShare = bool (*)(const U64& a, const U64& b);

Bool handles_share_an_object_in_whatever_order_they_come(MayShare may_share) {
  const auto a = U64::any("a"), b = U64::any("b");
  assume(((a & ~flags_of_open) == 0) & ((b & ~flags_of_open) == 0));
  return Bool(may_share(a, b) == may_share(b, a));
}
Bool two_writers_have_both_said_so(MayShare may_share) {
  const auto a = U64::any("a"), b = U64::any("b");
  if (!may_share(a, b)) return true;
  const Bool writers = ((a & may_write) != 0) & ((b & may_write) != 0), said = ((a & share_write) != 0) & ((b & share_write) != 0);
  const Bool readers = ((a | b) & may_read) != 0, said_read = ((a & share_read) != 0) & ((b & share_read) != 0);
  return (!writers | said) & (!readers | said_read) & (((a | b) & may_write_meta) == 0);
}
bool looks_at_the_new_handle(const U64& a, const U64& b) {
  if ((b & may_write) != 0) return static_cast<bool>((b & share_write) != 0);
  return storage::may_share<U64>(a & ~may_write, b);
}
bool one_of_them_is_enough(const U64& a, const U64& b) {
  if (((a | b) & may_write) != 0) return static_cast<bool>(((a | b) & share_write) != 0);
  return storage::may_share<U64>(a, b);
}

using EndOf = TeeResult<U64> (*)(const U64& position, const U64& size, const U64& end_max);
Bool what_is_written_ends_within_the_object(EndOf end_of) {
  const auto position = U64::any("position"), size = U64::any("size"), end_max = U64::any("end_max");
  assume((position <= position_max) & (end_max <= position_max));
  const auto end = end_of(position, size, end_max);
  const U128 sum = U128(position) + U128(size);
  if (!end) return sum > U128(end_max);
  return (U128(*end) == sum) & (*end <= end_max);
}
TeeResult<U64> forms_the_end(const U64& position, const U64& size, const U64& end_max) {
  if (position + size > end_max) return refuse(Tee::storage_no_space);
  return position + size;
}
TeeResult<U64> bounds_the_size_alone(const U64& position, const U64& size, const U64& end_max) {
  if (size > end_max) return refuse(Tee::storage_no_space);
  return position + size;
}

using Seek = TeeResult<U64> (*)(const U64& base, const U64& offset);
Bool a_position_is_where_it_was_asked_for_or_at_the_beginning(Seek seek) {
  const auto base = U64::any("base"), offset = U64::any("offset");
  assume((base <= position_max) & (offset <= 0xffff'ffffu));
  const auto to = seek(base, offset);
  // As signed numbers, wide enough to say the truth.
  const Bool negative = offset >= 0x8000'0000u;
  const U64 back = U64(0x1'0000'0000) - offset;
  if (!to) return !negative & (base + offset > position_max);
  return (*to <= position_max) & (!negative | (*to == select(back > base, U64(0), base - back))) & (negative | (*to == base + offset));
}
TeeResult<U64> takes_it_for_positive(const U64& base, const U64& offset) {
  if (base + offset > position_max) return refuse(Tee::bad_parameters);
  return base + offset;
}
TeeResult<U64> goes_before_the_beginning(const U64& base, const U64& offset) {
  if (offset >= 0x8000'0000u) return base - (U64(0x1'0000'0000) - offset);
  return storage::seek<U64>(base, offset);
}

using Readable = U64 (*)(const U64& position, const U64& size, const U64& total);
Bool what_is_read_lies_in_the_object_and_fits_the_buffer(Readable readable) {
  const auto position = U64::any("position"), size = U64::any("size"), total = U64::any("total");
  const U64 got = readable(position, size, total);
  return (got <= size) & ((got == 0) | (U128(position) + U128(got) <= U128(total))) & ((position >= total) | (size == 0) | (got > 0));
}
U64 reads_to_the_end_of_the_buffer(const U64&, const U64& size, const U64& total) { return size < total ? size : total; }
U64 forms_the_sum_of_both(const U64& position, const U64& size, const U64& total) {
  if (position + size <= total) return size;
  return total - position;
}

const Registration registered{
    proof("optee", "handles_share_an_object_in_whatever_order_they_come", handles_share_an_object_in_whatever_order_they_come, storage::may_share<U64>, {{"looks_at_the_new_handle", looks_at_the_new_handle}}),
    proof("optee", "two_writers_have_both_said_so", two_writers_have_both_said_so, storage::may_share<U64>, {{"looks_at_the_new_handle", looks_at_the_new_handle}, {"one_of_them_is_enough", one_of_them_is_enough}}),
    proof("optee", "what_is_written_ends_within_the_object", what_is_written_ends_within_the_object, end_of<U64>, {{"forms_the_end", forms_the_end}, {"bounds_the_size_alone", bounds_the_size_alone}}),
    proof("optee", "a_position_is_where_it_was_asked_for_or_at_the_beginning", a_position_is_where_it_was_asked_for_or_at_the_beginning, storage::seek<U64>,
          {{"takes_it_for_positive", takes_it_for_positive}, {"goes_before_the_beginning", goes_before_the_beginning}}),
    proof("optee", "what_is_read_lies_in_the_object_and_fits_the_buffer", what_is_read_lies_in_the_object_and_fits_the_buffer, readable<U64>,
          {{"reads_to_the_end_of_the_buffer", reads_to_the_end_of_the_buffer}, {"forms_the_sum_of_both", forms_the_sum_of_both}}),
};

}  // namespace
}  // namespace cupel::proofs
