#include "platforms/snp/message_format.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using namespace snp::message;

using NextSequence = U64 (*)(const U64& last);

// Whatever came before, numbers rise and stay within 32 bits; once there is none left there is none ever again.
Bool sequence_numbers_rise_and_end(NextSequence next_sequence) {
  const auto last = U64::any("last");
  const U64 next = next_sequence(last);
  if (next == 0) return next_sequence(last) == 0;
  return (next == last + 1) & (next > last) & (next + 1 <= sequence_max) & ((next_sequence(next + 1) == 0) | (next_sequence(next + 1) > next));
}

using Answers = bool (*)(const Header<U64>& answer, const U64& sequence, const U64& type, const U64& size, const U64& key);

Bool an_answer_is_taken_only_for_its_own_request(Answers answers) {
  const auto sequence = U64::any("sequence"), type = U64::any("type"), size = U64::any("size"), key = U64::any("key");
  assume((sequence < sequence_max) & (type < 255) & (size <= payload_max) & (key < 4));
  const Header<U64> got{U64::any("got_sequence"), U64::any("got_first"), U64::any("got_second")};
  const Bool good = (got.sequence == sequence + 1) & ((got.first & 0xff) == 1) & ((got.first >> 8 & 0xff) == 1) & ((got.first >> 16 & 0xffff) == header_size) & ((got.first >> 32 & 0xff) == type + 1) &
                    ((got.first >> 40 & 0xff) == 1) & (got.first >> 48 == size) & ((got.second & 0xffff'ffff) == 0) & (got.second >> 32 == key);
  return Bool(answers(got, sequence, type, size, key)) == good;
}

using JudgeOutcome = Outcome (*)(const U64& info_2, bool extended);

Bool a_request_is_done_only_without_any_error_and_sent_again_only_when_busy(JudgeOutcome judge) {
  const auto info_2 = U64::any("info_2");
  Bool all = true;
  for (const bool extended : {false, true}) {
    const Outcome outcome = judge(info_2, extended);
    all &= Bool(outcome == Outcome::done) == (info_2 == 0);
    if (outcome == Outcome::again) all &= info_2 == busy << 32;
    if (outcome == Outcome::again_plain) all &= Bool(extended) & (info_2 == too_few_pages << 32);
  }
  return all;
}

U64 wraps_at_32_bits(const U64& last) { return (last + 1) & 0xffff'ffff; }
U64 starts_again(const U64& last) {
  if (last >= sequence_max - 1) return 1;
  return last + 1;
}
U64 stays_where_it_is(const U64& last) {
  if (last >= sequence_max - 1) return 0;
  return last;
}
bool takes_an_older_answer(const Header<U64>& answer, const U64& sequence, const U64& type, const U64& size, const U64& key) {
  const auto expected = make_header<U64>(sequence + 1, type + 1, size, key);
  if (answer.sequence > expected.sequence) return false;
  return answer.first == expected.first && answer.second == expected.second;
}
bool takes_any_size(const Header<U64>& answer, const U64& sequence, const U64& type, const U64&, const U64& key) {
  const auto expected = make_header<U64>(sequence + 1, type + 1, answer.first >> 48, key);
  return answer.sequence == expected.sequence && answer.first == expected.first && answer.second == expected.second;
}
bool takes_another_key(const Header<U64>& answer, const U64& sequence, const U64& type, const U64& size, const U64&) {
  const auto expected = make_header<U64>(sequence + 1, type + 1, size, 0);
  return answer.sequence == expected.sequence && answer.first == expected.first;
}
Outcome looks_at_the_firmware_alone(const U64& info_2, bool) { return (info_2 & 0xffff'ffff) == 0 ? Outcome::done : Outcome::dead; }
Outcome tries_everything_again(const U64& info_2, bool) { return info_2 == 0 ? Outcome::done : Outcome::again; }

const Registration registered{
    proof("snp", "sequence_numbers_rise_and_end", sequence_numbers_rise_and_end, next_sequence<U64>,
          {{"wraps_at_32_bits", wraps_at_32_bits}, {"starts_again", starts_again}, {"stays_where_it_is", stays_where_it_is}}),
    proof("snp", "an_answer_is_taken_only_for_its_own_request", an_answer_is_taken_only_for_its_own_request, answers<U64>,
          {{"takes_an_older_answer", takes_an_older_answer}, {"takes_any_size", takes_any_size}, {"takes_another_key", takes_another_key}}),
    proof("snp", "a_request_is_done_only_without_any_error_and_sent_again_only_when_busy", a_request_is_done_only_without_any_error_and_sent_again_only_when_busy, judge_outcome<U64>,
          {{"looks_at_the_firmware_alone", looks_at_the_firmware_alone}, {"tries_everything_again", tries_everything_again}}),
};

}  // namespace
}  // namespace cupel::proofs
