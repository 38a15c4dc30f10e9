#include "platforms/lvbs/hypercall_abi.hh"

#include "platforms/lvbs/boot.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using namespace lvbs::abi;

using Pack = U64 (*)(const Control<U64>& control);

Bool a_control_word_unpacks_to_what_it_was_made_of_and_sets_no_reserved_bit(Pack pack) {
  const Control<U64> all{U64::any("code"), U64::any("fast"), U64::any("variable"), U64::any("count"), U64::any("start")};
  assume((all.code < 0x10000) & (all.fast < 2) & (all.variable < 0x400) & (all.count < 0x1000) & (all.start < 0x1000));
  const U64 word = pack(all);
  const Control<U64> back = unpack_control(word);
  const Bool same = (back.code == all.code) & (back.fast == all.fast) & (back.variable == all.variable) & (back.count == all.count) & (back.start == all.start);
  return same & ((word & 0xf000'f000'f800'0000) == 0);
}

using Progress = std::expected<U64, Fault> (*)(const U64& start, const U64& count, const U64& result);

struct Step {
  U64 start = U64::any("start"), count = U64::any("count"), result = U64::any("result");
  Step() { assume((start < count) & (count <= reps_max)); }
};

Bool rep_progress_is_believed_exactly_between_start_and_count(Progress progress) {
  const Step step;
  const auto next = progress(step.start, step.count, step.result);
  const U64 said = (step.result >> 32) & 0xfff, status = step.result & 0xffff;
  const Bool inside = (said >= step.start) & (said <= step.count);
  if (next) return inside & (*next == said) & ((status == 0) | (status == timeout));
  if (next.error() == Fault::status) return inside & (status != 0) & (status != timeout);
  return !inside;
}

// Two answers in a row: what is done stays done, whatever comes.
Bool rep_progress_never_goes_back(Progress progress) {
  const Step step;
  const auto again = U64::any("again");
  const auto next = progress(step.start, step.count, step.result);
  if (!next) return true;
  const auto after = progress(*next, step.count, again);
  if (!after) return true;
  return (*after >= *next) & (*next >= step.start) & (*after <= step.count);
}

using Batch = U64 (*)(const U64& left);

// Batches of a list, one after the other, are the list: each takes something, none more than is left or than a page holds.
Bool a_batch_takes_what_is_left_and_fits_its_page(Batch batch) {
  const auto left = U64::any("left");
  assume((left > 0) & (left <= 4096));
  const U64 taken = batch(left);
  return (taken > 0) & (taken <= left) & (taken * 8 + input_header_size <= 4096) & ((taken == left) | (taken == gpns_per_call));
}

using Offsets = bool (*)(const U64& word);

Bool code_offsets_are_two_places_of_the_page(Offsets good) {
  const auto word = U64::any("word");
  const bool taken = good(word);
  const Bool wanted = ((word & 0xfff) != (word >> 12 & 0xfff)) & (word >> 24 == 0);
  return taken ? wanted : !wanted;
}

U64 starts_at_bit_44(const Control<U64>& all) { return pack_control<U64>({all.code, all.fast, all.variable, all.count, U64(0)}) | all.start << 44; }
U64 forgets_the_variable_header(const Control<U64>& all) { return pack_control<U64>({all.code, all.fast, U64(0), all.count, all.start}); }

std::expected<U64, Fault> believes_any_count(const U64& start, const U64&, const U64& result) {
  if (reps_of(result) < start) return std::unexpected(Fault::backwards);
  if (status_of(result) == timeout) return reps_of(result);
  if (status_of(result) != 0) return std::unexpected(Fault::status);
  return reps_of(result);
}
std::expected<U64, Fault> counts_from_the_start(const U64& start, const U64& count, const U64& result) {
  const U64 reps = start + reps_of(result);
  if (reps > count) return std::unexpected(Fault::beyond);
  if (status_of(result) == timeout) return reps;
  if (status_of(result) != 0) return std::unexpected(Fault::status);
  return reps;
}
std::expected<U64, Fault> lets_reps_go_back(const U64&, const U64& count, const U64& result) {
  if (reps_of(result) > count) return std::unexpected(Fault::beyond);
  if (status_of(result) == timeout) return reps_of(result);
  if (status_of(result) != 0) return std::unexpected(Fault::status);
  return reps_of(result);
}
std::expected<U64, Fault> looks_at_half_the_status(const U64& start, const U64& count, const U64& result) { return progress<U64>(start, count, result & ~U64(0xff00)); }

U64 takes_all(const U64& left) { return left; }
U64 one_too_many(const U64& left) { return left > gpns_per_call + 1 ? U64(gpns_per_call + 1) : left; }
U64 stops_at_a_full_page(const U64& left) { return left >= gpns_per_call ? left - gpns_per_call : left; }

bool takes_one_place(const U64& word) { return static_cast<bool>(word >> 24 == 0); }
bool ignores_reserved_bits(const U64& word) { return lvbs::good_code_offsets<U64>(word & 0xff'ffff); }

const Registration registered{
    proof("lvbs", "a_control_word_unpacks_to_what_it_was_made_of_and_sets_no_reserved_bit", a_control_word_unpacks_to_what_it_was_made_of_and_sets_no_reserved_bit, pack_control<U64>,
          {{"starts_at_bit_44", starts_at_bit_44}, {"forgets_the_variable_header", forgets_the_variable_header}}),
    proof("lvbs", "rep_progress_is_believed_exactly_between_start_and_count", rep_progress_is_believed_exactly_between_start_and_count, progress<U64>,
          {{"believes_any_count", believes_any_count}, {"counts_from_the_start", counts_from_the_start}, {"lets_reps_go_back", lets_reps_go_back}, {"looks_at_half_the_status", looks_at_half_the_status}}),
    proof("lvbs", "rep_progress_never_goes_back", rep_progress_never_goes_back, progress<U64>, {{"lets_reps_go_back", lets_reps_go_back}, {"believes_any_count", believes_any_count}}),
    proof("lvbs", "a_batch_takes_what_is_left_and_fits_its_page", a_batch_takes_what_is_left_and_fits_its_page, batch<U64>,
          {{"takes_all", takes_all}, {"one_too_many", one_too_many}, {"stops_at_a_full_page", stops_at_a_full_page}}),
    proof("lvbs", "code_offsets_are_two_places_of_the_page", code_offsets_are_two_places_of_the_page, lvbs::good_code_offsets<U64>,
          {{"takes_one_place", takes_one_place}, {"ignores_reserved_bits", ignores_reserved_bits}}),
};

}  // namespace
}  // namespace cupel::proofs
