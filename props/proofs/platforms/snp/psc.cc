#include "platforms/snp/psc.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using namespace snp::psc;

using PackHeader = U64 (*)(const U64& current, const U64& end);

Bool a_page_state_header_unpacks_to_what_it_was_made_of(PackHeader pack) {
  const auto current = U64::any("current"), end = U64::any("end");
  assume((current <= entries_max) & (end < entries_max));
  const Header<U64> header = unpack_header(pack(current, end));
  return (header.current == current) & (header.end == end) & (header.reserved == 0);
}

using Progress = std::expected<U64, Fault> (*)(const U64& current, const U64& end, const U64& returned);

// The request's own bounds, and any 64 bits the hypervisor may have left in the header.
struct Step {
  U64 current = U64::any("current"), end = U64::any("end"), returned = U64::any("returned");
  Step() { assume((current <= end) & (end < entries_max)); }
};

Bool page_state_progress_is_believed_exactly_between_here_and_the_end(Progress progress) {
  const Step step;
  const auto next = progress(step.current, step.end, step.returned);
  const U64 said = step.returned & 0xffff, last = step.returned >> 16 & 0xffff, reserved = step.returned >> 32;
  const Bool good = (said >= step.current) & (said <= step.end + 1) & (last == step.end) & (reserved == 0);
  if (!next) return !good;
  return good & (*next == said);
}

// Two answers in a row: what is left to do never grows, and no index leaves the request. With the retry budget for
// answers which change nothing, the loop ends.
Bool page_state_progress_never_gives_back_what_it_has_done(Progress progress) {
  const Step step;
  const auto returned_again = U64::any("returned_again");
  const auto next = progress(step.current, step.end, step.returned);
  if (!next) return true;
  if (*next > step.end) return *next == step.end + 1;  // all is done
  const auto after = progress(*next, step.end, returned_again);
  if (!after) return true;
  return (*after >= *next) & (*next >= step.current) & (*after <= step.end + 1);
}

using PackEntry = U64 (*)(const U64& gfn, const U64& operation, const U64& large);

Bool a_page_state_entry_holds_its_address_and_no_reserved_bit(PackEntry pack) {
  const auto gfn = U64::any("gfn"), operation = U64::any("operation"), large = U64::any("large");
  assume((gfn < (uint64_t{1} << 40)) & ((operation == 1) | (operation == 2)) & (large <= 1));
  const U64 packed = pack(gfn, operation, large);
  const Entry<U64> entry = unpack_entry(packed);
  const Bool same = (entry.gfn == gfn) & (entry.operation == operation) & (entry.large == large);
  return same & ((packed & 0xf'ffff'ffff'f000) == gfn << 12) & ((packed & 0xfff) == 0) & (packed >> 57 == 0);
}

using NextEntryPages = U64 (*)(const U64& start, const U64& end);

Bool an_entry_stays_within_its_request_and_is_large_exactly_where_it_may(NextEntryPages next_entry_pages) {
  const auto start = U64::any("start"), end = U64::any("end");
  assume(start < end);
  const U64 pages = next_entry_pages(start, end);
  const Bool may_be_large = (start % pages_per_large == 0) & (end - start >= pages_per_large);
  return (pages <= end - start) & (pages == select(may_be_large, U64(pages_per_large), U64(1)));
}

U64 swaps_the_ends(const U64& current, const U64& end) { return end | current << 16; }
U64 packs_bytes(const U64& current, const U64& end) { return current | end << 8; }

std::expected<U64, Fault> follows_a_moved_end(const U64& current, const U64&, const U64& returned) {
  const Header<U64> header = unpack_header(returned);
  if (header.reserved != 0) return std::unexpected(Fault::reserved);
  if (header.current < current) return std::unexpected(Fault::backwards);
  if (header.current > header.end + 1) return std::unexpected(Fault::beyond);
  return header.current;
}
std::expected<U64, Fault> lets_it_go_back(const U64&, const U64& end, const U64& returned) {
  const Header<U64> header = unpack_header(returned);
  if (header.reserved != 0) return std::unexpected(Fault::reserved);
  if (header.end != end) return std::unexpected(Fault::end_moved);
  if (header.current > end + 1) return std::unexpected(Fault::beyond);
  return header.current;
}
std::expected<U64, Fault> ignores_the_reserved_word(const U64& current, const U64& end, const U64& returned) {
  return progress<U64>(current, end, returned & 0xffff'ffff);
}
std::expected<U64, Fault> goes_one_too_far(const U64& current, const U64& end, const U64& returned) {
  const Header<U64> header = unpack_header(returned);
  if (header.reserved != 0) return std::unexpected(Fault::reserved);
  if (header.end != end) return std::unexpected(Fault::end_moved);
  if (header.current < current) return std::unexpected(Fault::backwards);
  if (header.current > end + 2) return std::unexpected(Fault::beyond);
  return header.current;
}

U64 lets_the_frame_reach_the_operation(const U64& gfn, const U64& operation, const U64& large) {
  return gfn << 13 | operation << 52 | large << 56;
}
U64 puts_the_size_into_a_reserved_bit(const U64& gfn, const U64& operation, const U64& large) {
  return gfn << 12 | operation << 52 | large << 57;
}

U64 ignores_alignment(const U64& start, const U64& end) { return end - start < pages_per_large ? 1 : pages_per_large; }
U64 runs_past_the_end(const U64& start, const U64&) { return start % pages_per_large == 0 ? pages_per_large : 1; }
U64 adds_to_the_start(const U64& start, const U64& end) {
  if (start % pages_per_large != 0) return 1;
  return start + pages_per_large > end ? 1 : pages_per_large;
}
U64 always_one(const U64&, const U64&) { return 1; }

const Registration registered{
    proof("snp", "a_page_state_header_unpacks_to_what_it_was_made_of",
          a_page_state_header_unpacks_to_what_it_was_made_of, pack_header<U64>,
          {{"swaps_the_ends", swaps_the_ends}, {"packs_bytes", packs_bytes}}),
    proof("snp", "page_state_progress_is_believed_exactly_between_here_and_the_end",
          page_state_progress_is_believed_exactly_between_here_and_the_end, progress<U64>,
          {{"follows_a_moved_end", follows_a_moved_end},
           {"lets_it_go_back", lets_it_go_back},
           {"ignores_the_reserved_word", ignores_the_reserved_word},
           {"goes_one_too_far", goes_one_too_far}}),
    proof("snp", "page_state_progress_never_gives_back_what_it_has_done",
          page_state_progress_never_gives_back_what_it_has_done, progress<U64>,
          {{"follows_a_moved_end", follows_a_moved_end},
           {"lets_it_go_back", lets_it_go_back},
           {"goes_one_too_far", goes_one_too_far}}),
    proof("snp", "a_page_state_entry_holds_its_address_and_no_reserved_bit",
          a_page_state_entry_holds_its_address_and_no_reserved_bit, pack_entry<U64>,
          {{"lets_the_frame_reach_the_operation", lets_the_frame_reach_the_operation},
           {"puts_the_size_into_a_reserved_bit", puts_the_size_into_a_reserved_bit}}),
    proof("snp", "an_entry_stays_within_its_request_and_is_large_exactly_where_it_may",
          an_entry_stays_within_its_request_and_is_large_exactly_where_it_may, next_entry_pages<U64>,
          {{"ignores_alignment", ignores_alignment},
           {"runs_past_the_end", runs_past_the_end},
           {"adds_to_the_start", adds_to_the_start},
           {"always_one", always_one}}),
};

}  // namespace
}  // namespace cupel::proofs
