#include "platforms/snp/ghcb_layout.hh"

#include "platforms/snp/negotiation.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using namespace snp;

using ValidBit = U64 (*)(const U64& offset);

Bool a_valid_bit_is_one_words_alone_within_the_save_area(ValidBit valid_bit) {
  const auto one = U64::any("one"), other = U64::any("other");
  assume((one < ghcb::save_area_size) & (other < ghcb::save_area_size) & (one % 8 == 0) & (other % 8 == 0));
  const U64 bit = valid_bit(one);
  return (bit < 128) & ((bit == valid_bit(other)) == (one == other));
}

using EventAccepted = bool (*)(const U64& event);

// Vectors 6 and 13, as exceptions, marked valid; the error code in the upper half is not looked at, and not used.
Bool an_answer_raises_two_exceptions_at_most(EventAccepted accepted) {
  const auto event = U64::any("event");
  const U64 low = event & 0xffff'ffff & ~U64(0x800);
  const Bool good = (low == 0x8000'0306) | (low == 0x8000'030d);
  return Bool(accepted(event)) == good;
}

using StatusAccepted = bool (*)(const U64& bits);

Bool a_guest_runs_only_with_snp_and_events_that_it_asked_for(StatusAccepted accepted) {
  const auto bits = U64::any("bits");
  if (!accepted(bits)) return true;
  const Bool needed = ((bits & 7) == 7) & ((bits >> 7 & 1) == 1) & ((bits >> 5 & 3) != 0);
  return needed & ((bits & ~U64(status::known)) == 0);
}

U64 divides_by_sixteen(const U64& offset) { return offset >> 4; }
U64 forgets_the_second_word(const U64& offset) { return offset >> 3 & 63; }
bool takes_any_exception(const U64& event) {
  if ((event >> 31 & 1) != 1) return false;
  return static_cast<bool>((event >> 8 & 7) == 3);
}
bool takes_interrupts(const U64& event) {
  if ((event >> 31 & 1) != 1) return false;
  const U64 vector = event & 0xff;
  return static_cast<bool>(vector == 6) || static_cast<bool>(vector == 13);
}
bool forgets_reserved_bits(const U64& event) {
  if ((event >> 31 & 1) != 1 || (event >> 8 & 7) != 3) return false;
  const U64 vector = event & 0xff;
  return static_cast<bool>(vector == 6) || static_cast<bool>(vector == 13);
}
bool takes_unknown_features(const U64& bits) {
  if ((bits & status::required) != status::required) return false;
  return static_cast<bool>((bits & (status::restricted_injection | status::alternate_injection)) != 0);
}
bool takes_any_injection(const U64& bits) {
  if ((bits & status::required) != status::required) return false;
  return static_cast<bool>((bits & ~U64(status::known)) == 0);
}
bool looks_at_sev_alone(const U64& bits) { return static_cast<bool>((bits & 1) == 1); }

const Registration registered{
    proof("snp", "a_valid_bit_is_one_words_alone_within_the_save_area", a_valid_bit_is_one_words_alone_within_the_save_area, ghcb::valid_bit<U64>,
          {{"divides_by_sixteen", divides_by_sixteen}, {"forgets_the_second_word", forgets_the_second_word}}),
    proof("snp", "an_answer_raises_two_exceptions_at_most", an_answer_raises_two_exceptions_at_most, ghcb::event_accepted<U64>,
          {{"takes_any_exception", takes_any_exception}, {"takes_interrupts", takes_interrupts}, {"forgets_reserved_bits", forgets_reserved_bits}}),
    proof("snp", "a_guest_runs_only_with_snp_and_events_that_it_asked_for", a_guest_runs_only_with_snp_and_events_that_it_asked_for, sev_status_accepted<U64>,
          {{"takes_unknown_features", takes_unknown_features}, {"takes_any_injection", takes_any_injection}, {"looks_at_sev_alone", looks_at_sev_alone}}),
};

}  // namespace
}  // namespace cupel::proofs
