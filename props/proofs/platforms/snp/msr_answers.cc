#include "platforms/snp/msr_protocol.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using namespace snp::msr;

using AnswerOf = Answer<U64> (*)(const U64& response);
using CpuidAnswer = Answer<U64> (*)(const U64& response, const U64& which);

Bool a_preference_is_only_heard(AnswerOf answer) {
  const auto response = U64::any("response");
  const auto heard = answer(response);
  return Bool(heard.has_value()) == ((response & 0xfff) == 0x011);
}

Bool a_level_was_run_only_where_no_bit_says_otherwise(AnswerOf answer) {
  const auto response = U64::any("response");
  return Bool(answer(response).has_value()) == (response == 0x017);
}

Bool a_cpuid_register_is_taken_only_where_it_was_asked_for(CpuidAnswer answer) {
  const auto response = U64::any("response"), which = U64::any("which");
  assume(which < 4);
  const auto taken = answer(response, which);
  const Bool good = ((response & 0xfff) == 0x005) & ((response & 0x3fff'f000) == 0) & ((response >> 30 & 3) == which);
  if (!taken) return !good;
  return good & (*taken < (uint64_t{1} << 32));
}

Bool a_held_processor_hears_zero_for_a_wake_that_is_no_start(AnswerOf answer) {
  const auto response = U64::any("response");
  const auto heard = answer(response);
  if (!heard) return (response & 0xfff) != 0x007;
  return ((response & 0xfff) == 0x007) & ((*heard == 0) == (response == 0x007));
}

Answer<U64> hears_anything(const U64& response) { return response >> 12; }
Answer<U64> looks_at_32_bits_of_error(const U64& response) {
  if (!is_paired(response, Info::run_vmpl)) return std::unexpected(Fault::unpaired);
  if (response >> 32 != 0) return std::unexpected(Fault::refused);
  return response;
}
Answer<U64> takes_the_request_back(const U64& response) {
  if ((response & 0xffe) != 0x016) return std::unexpected(Fault::unpaired);
  if (response >> 12 != 0) return std::unexpected(Fault::refused);
  return response;
}
Answer<U64> takes_another_register(const U64& response, const U64&) {
  if (!is_paired(response, Info::cpuid)) return std::unexpected(Fault::unpaired);
  if ((response >> 12 & 0x3'ffff) != 0) return std::unexpected(Fault::reserved);
  return response >> 32;
}
Answer<U64> forgets_reserved_cpuid_bits(const U64& response, const U64& which) {
  if (!is_paired(response, Info::cpuid)) return std::unexpected(Fault::unpaired);
  if ((response >> 30 & 3) != which) return std::unexpected(Fault::unpaired);
  return response >> 32;
}
Answer<U64> takes_every_wake(const U64& response) {
  if (!is_paired(response, Info::reset_hold)) return std::unexpected(Fault::unpaired);
  return (response >> 12) | 1;
}

const Registration registered{
    proof("snp", "a_preference_is_only_heard", a_preference_is_only_heard, preferred_ghcb_answer<U64>, {{"hears_anything", hears_anything}}),
    proof("snp", "a_level_was_run_only_where_no_bit_says_otherwise", a_level_was_run_only_where_no_bit_says_otherwise, run_vmpl_answer<U64>,
          {{"looks_at_32_bits_of_error", looks_at_32_bits_of_error}, {"takes_the_request_back", takes_the_request_back}}),
    proof("snp", "a_cpuid_register_is_taken_only_where_it_was_asked_for", a_cpuid_register_is_taken_only_where_it_was_asked_for, cpuid_answer<U64>,
          {{"takes_another_register", takes_another_register}, {"forgets_reserved_cpuid_bits", forgets_reserved_cpuid_bits}}),
    proof("snp", "a_held_processor_hears_zero_for_a_wake_that_is_no_start", a_held_processor_hears_zero_for_a_wake_that_is_no_start, reset_hold_answer<U64>, {{"takes_every_wake", takes_every_wake}}),
};

}  // namespace
}  // namespace cupel::proofs
