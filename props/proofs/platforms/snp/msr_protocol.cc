#include "platforms/snp/msr_protocol.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using snp::msr::Answer, snp::msr::Fault, snp::msr::Info;

// The guest physical address space ends at 2^52: a frame number has 40 bits.
U64 any_frame(std::string_view name) {
  const auto gfn = U64::any(name);
  assume(gfn < (uint64_t{1} << 40));
  return gfn;
}
U64 any_operation(std::string_view name) {
  const auto operation = U64::any(name);
  assume((operation == 1) | (operation == 2));
  return operation;
}
U64 info_of(const U64& value) { return value & 0xfff; }

using PageStateRequest = U64 (*)(const U64& gfn, const U64& operation);

Bool a_page_state_request_decodes_to_what_it_was_made_of(PageStateRequest page_state_request) {
  const U64 gfn = any_frame("gfn"), operation = any_operation("operation");
  const U64 request = page_state_request(gfn, operation);
  const auto decoded = snp::msr::decode_page_state_request(request);
  return (decoded.gfn == gfn) & (decoded.operation == operation) & (info_of(request) == 0x014) & (request >> 56 == 0);
}

Bool two_page_state_requests_are_equal_only_where_frame_and_operation_are(PageStateRequest page_state_request) {
  const U64 gfn = any_frame("gfn"), operation = any_operation("operation");
  const U64 other_gfn = any_frame("other_gfn"), other_operation = any_operation("other_operation");
  const Bool same_request = page_state_request(gfn, operation) == page_state_request(other_gfn, other_operation);
  return same_request == ((gfn == other_gfn) & (operation == other_operation));
}

using PageStateAnswer = Answer<U64> (*)(const U64& response);

// Of the 2^64 answers one is good: the paired code and nothing else set.
Bool one_page_state_answer_alone_is_accepted(PageStateAnswer page_state_answer) {
  const auto response = U64::any("response");
  const auto answer = page_state_answer(response);
  if (answer) return response == 0x015;
  if (answer.error() == Fault::unpaired) return info_of(response) != 0x015;
  return (info_of(response) == 0x015) & (response != 0x015);
}

using RegisterAnswer = Answer<U64> (*)(const U64& response, const U64& gfn);

Bool a_ghcb_is_registered_only_where_its_own_frame_comes_back(RegisterAnswer register_answer) {
  const U64 gfn = any_frame("gfn");
  const auto response = U64::any("response");
  const auto answer = register_answer(response, gfn);
  const Bool good = response == ((gfn << 12) | 0x013);
  if (!answer) return !good;
  return good & (*answer == gfn);
}

using SevInfoAnswer = Answer<U64> (*)(const U64& response);

Bool a_version_is_agreed_exactly_where_both_sides_speak_it(SevInfoAnswer sev_info_answer) {
  const auto response = U64::any("response");
  const auto answer = sev_info_answer(response);
  const U64 greatest = response >> 48, least = (response >> 32) & 0xffff, reserved = (response >> 12) & 0xfff;
  const Bool good = (info_of(response) == 0x001) & (reserved == 0) & (least <= 2) & (greatest >= 2);
  if (!answer) return !good;
  return good & (*answer == ((response >> 24) & 0xff));
}

using FeaturesAnswer = Answer<U64> (*)(const U64& response);

Bool a_hypervisor_without_snp_is_refused(FeaturesAnswer features_answer) {
  const auto response = U64::any("response");
  const auto answer = features_answer(response);
  const Bool good = (info_of(response) == 0x081) & ((response & 0x1000) != 0);
  if (!answer) return !good;
  return good & (*answer == response >> 12);
}

using TerminateRequest = U64 (*)(const U64& set, const U64& code);

Bool a_termination_says_its_reason_and_nothing_else(TerminateRequest terminate_request) {
  const auto set = U64::any("set"), code = U64::any("code");
  assume((set < 16) & (code < 256));
  const U64 request = terminate_request(set, code);
  return (info_of(request) == 0x100) & (((request >> 12) & 0xf) == set) & (request >> 16 == code);
}

U64 shifts_into_the_operation(const U64& gfn, const U64& operation) { return operation << 52 | gfn << 13 | 0x014; }
U64 sends_an_address(const U64& gfn, const U64& operation) { return (operation << 52) | gfn << 12 << 12 | 0x014; }
U64 keeps_32_bits_of_the_frame(const U64& gfn, const U64& operation) {
  return (operation << 52) | ((gfn & 0xffff'ffff) << 12) | 0x014;
}
U64 forgets_the_operation(const U64& gfn, const U64&) { return gfn << 12 | 0x014; }

Answer<U64> looks_at_the_error_alone(const U64& response) {
  if (info_of(response) != 0x015) return std::unexpected(Fault::unpaired);
  if (response >> 32 != 0) return std::unexpected(Fault::refused);
  return response;
}
Answer<U64> looks_at_half_the_error(const U64& response) {
  if (info_of(response) != 0x015) return std::unexpected(Fault::unpaired);
  if ((response & 0x7fff'ffff'ffff'f000) != 0) return std::unexpected(Fault::refused);
  return response;
}
Answer<U64> takes_the_request_for_an_answer(const U64& response) {
  if ((info_of(response) & 0xffe) != 0x014) return std::unexpected(Fault::unpaired);
  if (response >> 12 != 0) return std::unexpected(Fault::refused);
  return response;
}

Answer<U64> takes_any_frame(const U64& response, const U64&) {
  if (info_of(response) != 0x013) return std::unexpected(Fault::unpaired);
  return response >> 12;
}
Answer<U64> takes_the_echoed_request(const U64& response, const U64& gfn) {
  if ((info_of(response) & 0xffe) != 0x012) return std::unexpected(Fault::unpaired);
  if (response >> 12 != gfn) return std::unexpected(Fault::refused);
  return gfn;
}

Answer<U64> allows_a_downgrade(const U64& response) {
  if (info_of(response) != 0x001) return std::unexpected(Fault::unpaired);
  if ((response >> 12 & 0xfff) != 0) return std::unexpected(Fault::reserved);
  if ((response >> 32 & 0xffff) > 2) return std::unexpected(Fault::refused);
  return response >> 24 & 0xff;
}
Answer<U64> swaps_least_and_greatest(const U64& response) {
  if (info_of(response) != 0x001) return std::unexpected(Fault::unpaired);
  if ((response >> 12 & 0xfff) != 0) return std::unexpected(Fault::reserved);
  if (response >> 48 > 2 || (response >> 32 & 0xffff) < 2) return std::unexpected(Fault::refused);
  return response >> 24 & 0xff;
}

Answer<U64> takes_any_features(const U64& response) {
  if (info_of(response) != 0x081) return std::unexpected(Fault::unpaired);
  return response >> 12;
}
Answer<U64> reads_features_one_bit_off(const U64& response) {
  if (info_of(response) != 0x081) return std::unexpected(Fault::unpaired);
  if ((response >> 13 & 1) == 0) return std::unexpected(Fault::refused);
  return response >> 12;
}

U64 puts_the_code_over_the_set(const U64& set, const U64& code) { return set << 12 | code << 12 | 0x100; }

const Registration registered{
    proof("snp", "a_page_state_request_decodes_to_what_it_was_made_of",
          a_page_state_request_decodes_to_what_it_was_made_of, snp::msr::page_state_request<U64>,
          {{"shifts_into_the_operation", shifts_into_the_operation},
           {"sends_an_address", sends_an_address},
           {"forgets_the_operation", forgets_the_operation}}),
    proof(
        "snp", "two_page_state_requests_are_equal_only_where_frame_and_operation_are",
        two_page_state_requests_are_equal_only_where_frame_and_operation_are, snp::msr::page_state_request<U64>,
        {{"keeps_32_bits_of_the_frame", keeps_32_bits_of_the_frame}, {"forgets_the_operation", forgets_the_operation}}),
    proof("snp", "one_page_state_answer_alone_is_accepted", one_page_state_answer_alone_is_accepted,
          snp::msr::page_state_answer<U64>,
          {{"looks_at_the_error_alone", looks_at_the_error_alone},
           {"looks_at_half_the_error", looks_at_half_the_error},
           {"takes_the_request_for_an_answer", takes_the_request_for_an_answer}}),
    proof("snp", "a_ghcb_is_registered_only_where_its_own_frame_comes_back",
          a_ghcb_is_registered_only_where_its_own_frame_comes_back, snp::msr::register_answer<U64>,
          {{"takes_any_frame", takes_any_frame}, {"takes_the_echoed_request", takes_the_echoed_request}}),
    proof("snp", "a_version_is_agreed_exactly_where_both_sides_speak_it",
          a_version_is_agreed_exactly_where_both_sides_speak_it, snp::msr::sev_info_answer<U64>,
          {{"allows_a_downgrade", allows_a_downgrade}, {"swaps_least_and_greatest", swaps_least_and_greatest}}),
    proof("snp", "a_hypervisor_without_snp_is_refused", a_hypervisor_without_snp_is_refused,
          snp::msr::features_answer<U64>,
          {{"takes_any_features", takes_any_features}, {"reads_features_one_bit_off", reads_features_one_bit_off}}),
    proof("snp", "a_termination_says_its_reason_and_nothing_else", a_termination_says_its_reason_and_nothing_else,
          snp::msr::terminate_request<U64>, {{"puts_the_code_over_the_set", puts_the_code_over_the_set}}),
};

}  // namespace
}  // namespace cupel::proofs
