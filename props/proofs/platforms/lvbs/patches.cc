// Text that changes while it runs: places, records, the three steps; and registers that are pinned.
#include "platforms/lvbs/patches.hh"

#include "platforms/lvbs/elf.hh"
#include "platforms/lvbs/intercepts.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using namespace lvbs;

struct Place {
  U64 pa0 = U64::any("pa0"), pa1 = U64::any("pa1"), size = U64::any("size"), index = U64::any("index");
  Place() { assume((pa0 < uint64_t{1} << 52) & (pa1 < uint64_t{1} << 52)); }
};

using GoodPlace = bool (*)(const U64& pa0, const U64& pa1, const U64& size);

Bool a_good_place_lies_in_its_one_or_two_pages(GoodPlace good) {
  const Place place;
  if (!good(place.pa0, place.pa1, place.size)) return true;
  const U64 at = place_of<U64>(place.pa0, place.pa1, place.index), page = at & ~U64(0xfff);
  const Bool first = page == (place.pa0 & ~U64(0xfff)), second = (page == place.pa1) & (place.pa1 != 0);
  return (place.size > 0) & (place.size <= patch_bytes_max) & implies(place.index < place.size, first | second);
}

using PlaceOf = U64 (*)(const U64& pa0, const U64& pa1, const U64& index);

// Byte by byte: to the end of the first page, and on from the beginning of the second. The two parts are the whole.
Bool bytes_of_a_place_follow_one_another(PlaceOf place_of_byte) {
  const Place place;
  lift::assume(good_place<U64>(place.pa0, place.pa1, place.size));
  assume(place.index < place.size);
  const U64 left = U64(4096) - (place.pa0 & 0xfff), at = place_of_byte(place.pa0, place.pa1, place.index);
  return at == select(place.index < left, place.pa0 + place.index, place.pa1 + (place.index - left));
}

using WithinRecord = bool (*)(const U64& index, const U64& size, const U64& record);

Bool a_write_that_is_taken_lies_within_its_record(WithinRecord within) {
  const auto index = U64::any("index"), size = U64::any("size"), record = U64::any("record"), byte = U64::any("byte");
  assume(record <= patch_bytes_max);
  if (!within(index, size, record)) return true;
  return implies(byte < size, (index + byte >= index) & (index + byte < record));
}

using NextStep = std::expected<PatchStep, Errno> (*)(PatchStep step, const U64& index, const U64& size, const U64& record);

// After any three writes that are taken: whenever the tail is another than it was, INT3 stands in front.
Bool the_tail_changes_only_behind_int3(NextStep next) {
  const auto record = U64::any("record");
  assume((record >= 2) & (record <= patch_bytes_max));
  PatchStep step = PatchStep::idle;
  bool trapped = false;
  for (const char* names : {"a", "b", "c"}) {
    const auto index = U64::any(std::string("index_") + names), size = U64::any(std::string("size_") + names);
    lift::assume(within_record<U64>(index, size, record));
    const auto after = next(step, index, size, record);
    if (!after) continue;
    if (index == 0) trapped = *after == PatchStep::trapped;  // else the first byte of an instruction
    else if (!trapped) return false;
    if (index == 0 && size != 1) return false;
    step = *after;
  }
  return true;
}

using KeepsPinned = bool (*)(const U64& value, const U64& pinned, const U64& mask);

Bool what_is_pinned_stays_as_it_was(KeepsPinned keeps) {
  const auto value = U64::any("value"), pinned = U64::any("pinned"), mask = U64::any("mask");
  const bool kept = keeps(value, pinned, mask);
  const Bool same = (value & mask) == (pinned & mask);
  return kept ? same : !same;
}

using NextInstruction = Result<U64> (*)(const U64& rip, const U64& length);

Bool the_next_instruction_is_at_an_address_that_there_is(NextInstruction next) {
  const auto rip = U64::any("rip"), length = U64::any("length");
  const auto after = next(rip, length);
  if (!after) return true;
  return (*after == rip + length) & (length > 0) & (length <= 15) & (*after > rip) & ((*after < uint64_t{1} << 47) | (*after >= 0xffff'8000'0000'0000));
}

using Relocate = Result<elf::Value<U64>> (*)(uint32_t kind, const U64& symbol, const U64& addend, const U64& place);

// What is written of a relative word leads, extended and added to its place, to the symbol.
Bool a_relative_word_leads_to_its_symbol(Relocate relocate) {
  const auto symbol = U64::any("symbol"), addend = U64::any("addend"), place = U64::any("place");
  const auto value = relocate(static_cast<uint32_t>(elf::Kind::pc32), symbol, addend, place);
  if (!value) return true;
  const U64 low = value->word & 0xffff'ffff, extended = select(low >= 0x8000'0000, low | 0xffff'ffff'0000'0000, low);
  return (extended + place == symbol + addend) & Bool(value->size == 4);
}
Bool an_absolute_word_is_its_symbol_where_it_fits(Relocate relocate) {
  const auto symbol = U64::any("symbol"), addend = U64::any("addend"), place = U64::any("place");
  const auto plain = relocate(static_cast<uint32_t>(elf::Kind::abs32), symbol, addend, place), wide = relocate(static_cast<uint32_t>(elf::Kind::abs32s), symbol, addend, place);
  if (plain && !static_cast<bool>((plain->word & 0xffff'ffff) == symbol + addend)) return false;
  if (!wide) return true;
  const U64 low = wide->word & 0xffff'ffff;
  return select(low >= 0x8000'0000, low | 0xffff'ffff'0000'0000, low) == symbol + addend;
}

bool no_second_page(const U64& pa0, const U64&, const U64& size) { return static_cast<bool>(size > 0) && static_cast<bool>(size <= patch_bytes_max) && static_cast<bool>(pa0 != 0); }
bool any_size(const U64& pa0, const U64& pa1, const U64& size) { return good_place<U64>(pa0, pa1, U64(1)) && static_cast<bool>(size > 0); }
bool second_page_within(const U64& pa0, const U64& pa1, const U64& size) {
  return static_cast<bool>(size > 0) && static_cast<bool>(size <= patch_bytes_max) && (static_cast<bool>(size <= U64(4096) - (pa0 & 0xfff)) || static_cast<bool>((pa1 & 1) == 0));
}
U64 offset_twice(const U64& pa0, const U64& pa1, const U64& index) {
  const U64 left = U64(4096) - (pa0 & 0xfff);
  return index < left ? pa0 + index : pa1 + (pa0 & 0xfff) + (index - left);
}
U64 one_page(const U64& pa0, const U64&, const U64& index) { return pa0 + index; }
bool begins_within(const U64& index, const U64& size, const U64& record) { return static_cast<bool>(index < record) && static_cast<bool>(size <= record); }
bool wraps(const U64& index, const U64& size, const U64& record) { return static_cast<bool>(index + size <= record); }

std::expected<PatchStep, Errno> tail_first(PatchStep step, const U64& index, const U64& size, const U64& record) {
  if (index == 1 && size == record - 1) return PatchStep::tail;
  return next_step<U64>(step, index, size, record);
}
std::expected<PatchStep, Errno> all_at_once(PatchStep step, const U64& index, const U64& size, const U64& record) {
  if (step == PatchStep::idle && index == 0 && size == record) return PatchStep::idle;
  return next_step<U64>(step, index, size, record);
}
bool compares_with_all(const U64& value, const U64& pinned, const U64& mask) { return static_cast<bool>((value & mask) == pinned); }
bool only_set_bits(const U64& value, const U64& pinned, const U64& mask) { return static_cast<bool>((value & pinned & mask) == (pinned & mask)); }
Result<U64> any_length(const U64& rip, const U64& length) { return rip + length; }
Result<U64> over_the_hole(const U64& rip, const U64& length) {
  if (length == 0 || length > 15 || rip + length < rip) return fail(Errno::inval);
  return rip + length;
}
Result<elf::Value<U64>> cuts_off(uint32_t kind, const U64& symbol, const U64& addend, const U64& place) {
  const U64 whole = symbol + addend;
  return elf::Value<U64>{kind == static_cast<uint32_t>(elf::Kind::pc32) ? whole - place : whole, 4};
}
Result<elf::Value<U64>> forgets_the_addend(uint32_t kind, const U64& symbol, const U64&, const U64& place) { return elf::relocate<U64>(kind, symbol, U64(0), place); }

const Registration registered{
    proof("lvbs", "a_good_place_lies_in_its_one_or_two_pages", a_good_place_lies_in_its_one_or_two_pages, good_place<U64>, {{"no_second_page", no_second_page}, {"any_size", any_size}, {"second_page_within", second_page_within}}),
    proof("lvbs", "bytes_of_a_place_follow_one_another", bytes_of_a_place_follow_one_another, place_of<U64>, {{"offset_twice", offset_twice}, {"one_page", one_page}}),
    proof("lvbs", "a_write_that_is_taken_lies_within_its_record", a_write_that_is_taken_lies_within_its_record, within_record<U64>, {{"begins_within", begins_within}, {"wraps", wraps}}),
    proof("lvbs", "the_tail_changes_only_behind_int3", the_tail_changes_only_behind_int3, next_step<U64>, {{"tail_first", tail_first}, {"all_at_once", all_at_once}}),
    proof("lvbs", "what_is_pinned_stays_as_it_was", what_is_pinned_stays_as_it_was, keeps_pinned<U64>, {{"compares_with_all", compares_with_all}, {"only_set_bits", only_set_bits}}),
    proof("lvbs", "the_next_instruction_is_at_an_address_that_there_is", the_next_instruction_is_at_an_address_that_there_is, next_instruction<U64>, {{"any_length", any_length}, {"over_the_hole", over_the_hole}}),
    proof("lvbs", "a_relative_word_leads_to_its_symbol", a_relative_word_leads_to_its_symbol, elf::relocate<U64>, {{"cuts_off", cuts_off}, {"forgets_the_addend", forgets_the_addend}}),
    proof("lvbs", "an_absolute_word_is_its_symbol_where_it_fits", an_absolute_word_is_its_symbol_where_it_fits, elf::relocate<U64>, {{"cuts_off", cuts_off}}),
};

}  // namespace
}  // namespace cupel::proofs
