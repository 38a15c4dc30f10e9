// What is taken from parties that are not the guest: events, devices, the SVSM, boot data, the CPUID page; and what is said to
// the processor about pages.
#include "platforms/snp/boot.hh"
#include "platforms/snp/doorbell.hh"
#include "platforms/snp/processors.hh"
#include "platforms/snp/svsm.hh"
#include "platforms/snp/transports.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using namespace snp;

using JudgePending = Doorway (*)(const U64& word, bool allowed);

Bool an_event_is_dispatched_only_where_it_was_asked_for(JudgePending judge) {
  const auto word = U64::any("word");
  assume(word < 0x1'0000);
  const U64 vector = word & 0xff;
  Bool all = true;
  for (const bool allowed : {false, true}) {
    const Doorway doorway = judge(word, allowed);
    if (doorway == Doorway::dispatch) all &= Bool(allowed) & (vector >= 32) & (vector != 0x80) & ((word & 0x7f00) == 0);
    if (doorway == Doorway::quiet) all &= (word & 0x7fff) == 0;  // no event is passed over in silence
  }
  return all;
}

using CompletionsAccepted = bool (*)(const U64& said, const U64& taken, const U64& outstanding);

Bool a_device_completes_no_more_than_was_posted(CompletionsAccepted accepted) {
  const auto said = U64::any("said"), taken = U64::any("taken"), outstanding = U64::any("outstanding");
  assume((outstanding <= queue_size) & (said <= 0xffff'ffff) & (taken <= 0xffff'ffff));
  if (!accepted(said, taken, outstanding)) return true;
  Bool one_of = false;
  for (unsigned ahead = 0; ahead <= queue_size; ++ahead) one_of |= (outstanding >= ahead) & (said == ((taken + ahead) & 0xffff'ffff));
  return one_of;
}

using CompletionAccepted = bool (*)(const U64& id, const U64& length, bool outstanding, const U64& room);

Bool a_completion_is_of_a_request_under_way_and_within_its_room(CompletionAccepted accepted) {
  const auto id = U64::any("id"), length = U64::any("length"), room = U64::any("room");
  Bool all = true;
  for (const bool outstanding : {false, true}) all &= Bool(accepted(id, length, outstanding, room)) == ((id < queue_size) & Bool(outstanding) & (length <= room));
  return all;
}

using AnswerAccepted = bool (*)(const U64& head, const U64& came, const U64& room);

// However long a device says that its answer is: what is copied lies in what came, behind the head, and in the room there is.
Bool an_answer_is_copied_within_what_came_and_its_room(AnswerAccepted accepted) {
  const auto head = U64::any("head"), came = U64::any("came"), room = U64::any("room");
  if (!accepted(head, came, room)) return true;
  const U64 length = head >> 32;
  return ((head & 0xffff'ffff) == 0) & (came >= answer_head) & (length <= came - answer_head) & (length <= room);
}

using ReplyAccepted = bool (*)(const U64& head, const U64& length, const U64& type, const U64& tag);

Bool a_reply_is_whole_and_of_its_own_request(ReplyAccepted accepted) {
  const auto head = U64::any("head"), length = U64::any("length"), type = U64::any("type"), tag = U64::any("tag");
  if (!accepted(head, length, type, tag)) return true;
  const U64 size = head & 0xffff'ffff;
  return (size >= 7) & (size <= length) & ((head >> 32 & 0xff) == type) & ((head >> 40 & 0xffff) == tag);
}

using ListProgress = bool (*)(const U64& before, const U64& entries, const U64& header);

Bool a_list_goes_on_without_skipping_or_leaving_its_entries(ListProgress progress) {
  const auto before = U64::any("before"), entries = U64::any("entries"), header = U64::any("header");
  assume((before <= entries) & (entries <= svsm::list_entries_max));
  if (!progress(before, entries, header)) return true;
  const U64 next = header >> 16 & 0xffff;
  return (next >= before) & (next <= entries) & ((header & 0xffff) == entries) & (svsm::list_header + next * 8 <= 0x1000);
}

using RangeOffered = bool (*)(const U64& start, const U64& size, const U64& limit);

Bool offered_memory_is_whole_pages_below_the_limit(RangeOffered offered) {
  const auto start = U64::any("start"), size = U64::any("size"), limit = U64::any("limit"), byte = U64::any("byte");
  if (!offered(start, size, limit)) return true;
  return (start % 4096 == 0) & (size % 4096 == 0) & (size != 0) & (start + size >= start) & implies(byte < size, start + byte < limit);
}

using RangeWithin = bool (*)(const U64& first, const U64& count, const U64& low, const U64& high);

Bool every_frame_of_a_known_range_is_known(RangeWithin within) {
  const auto first = U64::any("first"), count = U64::any("count"), low = U64::any("low"), high = U64::any("high"), frame = U64::any("frame");
  assume(low <= high);
  if (!within(first, count, low, high)) return true;
  return (first + count >= first) & implies(frame < count, (first + frame >= low) & (first + frame < high));
}

using CountAccepted = bool (*)(const U64& count);

Bool a_count_of_cpuid_rows_bounds_every_index(CountAccepted accepted) {
  const auto count = U64::any("count"), index = U64::any("index");
  if (!accepted(count)) return (count == 0) | (count > 64);
  return (count != 0) & implies(index < count, (index < cpuid_rows_max) & (2 + index * 6 + 5 < cpuid_page_words));
}

using Blended = U64 (*)(const U64& table, const U64& hypervisor, const U64& mask);

Bool what_the_hypervisor_may_not_say_comes_from_the_table(Blended blended) {
  const auto table = U64::any("table"), hypervisor = U64::any("hypervisor"), mask = U64::any("mask");
  const U64 out = blended(table, hypervisor, mask);
  return ((out & ~mask) == (table & ~mask)) & ((out & mask) == (hypervisor & mask));
}

using SaveAreaWith = U64 (*)(const U64& so_far, const U64& offset, const U64& size, bool compacted);

// Sizes are 32 bits each, and there are 61 components at most: no sum wraps, and no component makes the area smaller.
Bool a_save_area_never_shrinks_and_holds_each_component(SaveAreaWith with) {
  const auto so_far = U64::any("so_far"), offset = U64::any("offset"), size = U64::any("size");
  assume((so_far >= xsave_size_min) & (so_far <= uint64_t{61} << 33) & (offset <= 0xffff'ffff) & (size <= 0xffff'ffff));
  const U64 compacted = with(so_far, offset, size, true), whole = with(so_far, offset, size, false);
  return (compacted >= so_far) & (compacted == so_far + size) & (whole >= so_far) & (whole >= offset + size) & ((whole == so_far) | (whole == offset + size));
}

using VmsaPage = U64 (*)(const U64& pair);

Bool a_processor_state_page_is_of_its_pair_and_at_no_large_boundary(VmsaPage page_of) {
  const auto pair = U64::any("pair");
  assume(pair < (uint64_t{1} << 40));
  const U64 page = page_of(pair);
  return (page % 512 != 0) & ((page == pair) | (page == pair + 1));
}

using Attributes = U64 (*)(const U64& target, const U64& permissions, bool is_vmsa);

Bool an_adjustment_says_its_target_its_permissions_and_nothing_else(Attributes attributes) {
  const auto target = U64::any("target"), permissions = U64::any("permissions");
  assume((target > 0) & (target < 4) & (permissions < 16));
  Bool all = true;
  for (const bool is_vmsa : {false, true}) {
    const U64 word = attributes(target, permissions, is_vmsa);
    all &= ((word & 0xff) == target) & ((word >> 8 & 0xf) == permissions) & ((word >> 16 & 1) == (is_vmsa ? 1u : 0u)) & ((word & ~U64(0x1'0fff)) == 0);
  }
  return all;
}

using PvalidateEntry = U64 (*)(const U64& gfn, bool large, bool validate);

Bool an_entry_for_the_svsm_never_asks_to_pass_over_no_change(PvalidateEntry entry) {
  const auto gfn = U64::any("gfn");
  assume(gfn < (uint64_t{1} << 52));
  Bool all = true;
  for (const bool validate : {false, true}) {
    const U64 word = entry(gfn, false, validate);
    all &= (word >> 12 == gfn) & ((word & 3) == 0) & ((word >> 2 & 1) == (validate ? 1u : 0u)) & ((word & 0xff8) == 0);
  }
  return all;
}

Doorway dispatches_everything(const U64& word, bool) { return (word & 0xff) == 0 ? Doorway::quiet : Doorway::dispatch; }
Doorway forgets_nmi(const U64& word, bool allowed) { return judge_pending<U64>(word & 0xff, allowed); }
Doorway lets_int80_in(const U64& word, bool allowed) {
  if ((word & 0xff) == 0x80 && (word & 0x7f00) == 0 && allowed) return Doorway::dispatch;
  return judge_pending<U64>(word, allowed);
}
bool compares_without_wrapping(const U64& said, const U64& taken, const U64& outstanding) { return said >= taken && said <= taken + outstanding + 1; }
bool takes_any_jump(const U64&, const U64&, const U64&) { return true; }
bool forgets_who_is_outstanding(const U64& id, const U64& length, bool, const U64& room) { return id < queue_size && length <= room; }
bool forgets_the_room(const U64& id, const U64&, bool outstanding, const U64&) { return id < queue_size && outstanding; }
bool forgets_the_head(const U64& head, const U64& came, const U64& room) { return (head & 0xffff'ffff) == 0 && head >> 32 <= came && head >> 32 <= room; }
bool believes_the_answer(const U64& head, const U64& came, const U64&) { return (head & 0xffff'ffff) == 0 && came >= answer_head && head >> 32 <= came - answer_head; }
bool takes_the_size_from_the_device(const U64& head, const U64&, const U64& type, const U64& tag) { return (head >> 32 & 0xff) == type && (head >> 40 & 0xffff) == tag && (head & 0xffff'ffff) >= 7; }
bool forgets_the_tag(const U64& head, const U64& length, const U64& type, const U64&) { return (head & 0xffff'ffff) >= 7 && (head & 0xffff'ffff) <= length && (head >> 32 & 0xff) == type; }
bool goes_back(const U64&, const U64& entries, const U64& header) { return (header & 0xffff) == entries && (header >> 16 & 0xffff) <= entries && header >> 32 == 0; }
bool follows_the_svsms_count(const U64& before, const U64&, const U64& header) { return (header >> 16 & 0xffff) >= before && (header >> 16 & 0xffff) <= (header & 0xffff); }
bool adds_the_size(const U64& start, const U64& size, const U64& limit) { return start % 4096 == 0 && size % 4096 == 0 && size != 0 && start + size <= limit; }
bool takes_parts_of_pages(const U64& start, const U64& size, const U64& limit) { return size != 0 && start <= limit && size <= limit - start; }
bool adds_the_count(const U64& first, const U64& count, const U64& low, const U64& high) { return first >= low && first + count <= high; }
bool looks_at_the_first(const U64& first, const U64&, const U64& low, const U64& high) { return first >= low && first < high; }
bool counts_one_row_too_many(const U64& count) { return count != 0 && count <= 65; }
U64 lets_the_hypervisor_add_bits(const U64& table, const U64& hypervisor, const U64&) { return table | hypervisor; }
U64 keeps_the_last(const U64&, const U64& offset, const U64& size, bool) { return offset + size; }
U64 always_the_first(const U64& pair) { return pair; }
U64 always_the_second(const U64& pair) { return pair + 1; }
U64 shifts_permissions_too_far(const U64& target, const U64& permissions, bool is_vmsa) { return target | permissions << 9 | (is_vmsa ? 1u << 16 : 0u); }
U64 passes_over_no_change(const U64& gfn, bool, bool validate) { return gfn << 12 | (validate ? 12u : 8u); }

const Registration registered{
    proof("snp", "an_event_is_dispatched_only_where_it_was_asked_for", an_event_is_dispatched_only_where_it_was_asked_for, judge_pending<U64>,
          {{"dispatches_everything", dispatches_everything}, {"forgets_nmi", forgets_nmi}, {"lets_int80_in", lets_int80_in}}),
    proof("snp", "a_device_completes_no_more_than_was_posted", a_device_completes_no_more_than_was_posted, completions_accepted<U64>,
          {{"compares_without_wrapping", compares_without_wrapping}, {"takes_any_jump", takes_any_jump}}),
    proof("snp", "a_completion_is_of_a_request_under_way_and_within_its_room", a_completion_is_of_a_request_under_way_and_within_its_room, completion_accepted<U64>,
          {{"forgets_who_is_outstanding", forgets_who_is_outstanding}, {"forgets_the_room", forgets_the_room}}),
    proof("snp", "an_answer_is_copied_within_what_came_and_its_room", an_answer_is_copied_within_what_came_and_its_room, answer_accepted<U64>,
          {{"forgets_the_head", forgets_the_head}, {"believes_the_answer", believes_the_answer}}),
    proof("snp", "a_reply_is_whole_and_of_its_own_request", a_reply_is_whole_and_of_its_own_request, reply_accepted<U64>,
          {{"takes_the_size_from_the_device", takes_the_size_from_the_device}, {"forgets_the_tag", forgets_the_tag}}),
    proof("snp", "a_list_goes_on_without_skipping_or_leaving_its_entries", a_list_goes_on_without_skipping_or_leaving_its_entries, svsm::list_progress<U64>,
          {{"goes_back", goes_back}, {"follows_the_svsms_count", follows_the_svsms_count}}),
    proof("snp", "offered_memory_is_whole_pages_below_the_limit", offered_memory_is_whole_pages_below_the_limit, range_offered<U64>,
          {{"adds_the_size", adds_the_size}, {"takes_parts_of_pages", takes_parts_of_pages}}),
    proof("snp", "every_frame_of_a_known_range_is_known", every_frame_of_a_known_range_is_known, range_within<U64>, {{"adds_the_count", adds_the_count}, {"looks_at_the_first", looks_at_the_first}}),
    proof("snp", "a_count_of_cpuid_rows_bounds_every_index", a_count_of_cpuid_rows_bounds_every_index, cpuid_count_accepted<U64>, {{"counts_one_row_too_many", counts_one_row_too_many}}),
    proof("snp", "what_the_hypervisor_may_not_say_comes_from_the_table", what_the_hypervisor_may_not_say_comes_from_the_table, blended<U64>, {{"lets_the_hypervisor_add_bits", lets_the_hypervisor_add_bits}}),
    proof("snp", "a_save_area_never_shrinks_and_holds_each_component", a_save_area_never_shrinks_and_holds_each_component, save_area_with<U64>, {{"keeps_the_last", keeps_the_last}}),
    proof("snp", "a_processor_state_page_is_of_its_pair_and_at_no_large_boundary", a_processor_state_page_is_of_its_pair_and_at_no_large_boundary, vmsa_page_of<U64>,
          {{"always_the_first", always_the_first}, {"always_the_second", always_the_second}}),
    proof("snp", "an_adjustment_says_its_target_its_permissions_and_nothing_else", an_adjustment_says_its_target_its_permissions_and_nothing_else, adjust_attributes<U64>,
          {{"shifts_permissions_too_far", shifts_permissions_too_far}}),
    proof("snp", "an_entry_for_the_svsm_never_asks_to_pass_over_no_change", an_entry_for_the_svsm_never_asks_to_pass_over_no_change, svsm::pvalidate_entry<U64>, {{"passes_over_no_change", passes_over_no_change}}),
};

}  // namespace
}  // namespace cupel::proofs
