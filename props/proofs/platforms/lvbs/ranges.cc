// What VTL0 names: ranges of memory, files and their parts, segments. All of it 64-bit words of its choice.
#include "platforms/lvbs/kexec.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using namespace lvbs;

using GoodRange = bool (*)(const U64& va, const U64& pa, const U64& epa, const U64& ram);

struct AnyRange {
  U64 va = U64::any("va"), pa = U64::any("pa"), epa = U64::any("epa"), ram = U64::any("ram");
  AnyRange() { assume(ram <= uint64_t{1} << 52); }
};

Bool every_address_of_a_good_range_is_memory(GoodRange good) {
  const AnyRange range;
  const auto offset = U64::any("offset");
  if (!good(range.va, range.pa, range.epa, range.ram)) return true;
  return implies(offset < range.epa - range.pa, (range.pa + offset >= range.pa) & (range.pa + offset < range.ram)) & (range.epa > range.pa);
}
Bool a_good_range_stays_in_the_kernels_half_at_the_same_offset(GoodRange good) {
  const AnyRange range;
  const auto offset = U64::any("offset");
  if (!good(range.va, range.pa, range.epa, range.ram)) return true;
  const Bool inside = implies(offset < range.epa - range.pa, range.va + offset >= range.va);
  return inside & (range.va >= 0xffff'8000'0000'0000) & ((range.va & 0xfff) == (range.pa & 0xfff));
}
Bool the_frames_of_a_good_range_are_counted_without_wrapping(GoodRange good) {
  const AnyRange range;
  if (!good(range.va, range.pa, range.epa, range.ram)) return true;
  const U64 first = range.pa >> 12, frames = ((range.epa - 1) >> 12) - first + 1;
  return (frames > 0) & (first + frames <= uint64_t{1} << 40) & (first + frames > first) & ((first + frames - 1) << 12 < range.epa);
}

using Apart = bool (*)(const U64& first, const U64& count, const U64& low, const U64& high);

Bool ranges_are_apart_exactly_where_no_frame_is_in_both(Apart is_apart) {
  const auto first = U64::any("first"), count = U64::any("count"), low = U64::any("low"), high = U64::any("high"), frame = U64::any("frame");
  assume((count > 0) & (count <= uint64_t{1} << 40) & (first <= uint64_t{1} << 40) & (low < high) & (high <= uint64_t{1} << 40));
  const bool answer = is_apart(first, count, low, high);
  const Bool in_both = (frame >= first) & (frame < first + count) & (frame >= low) & (frame < high);
  if (answer) return !in_both;
  // A witness where they meet: the higher of the two beginnings.
  const U64 meet = select(first > low, first, low);
  return (meet >= first) & (meet < first + count) & (meet >= low) & (meet < high);
}

using InFile = bool (*)(const U64& offset, const U64& size, const U64& file_size);

Bool every_byte_of_a_part_is_within_its_file(InFile in_file) {
  const auto offset = U64::any("offset"), size = U64::any("size"), file = U64::any("file"), byte = U64::any("byte");
  if (!in_file(offset, size, file)) return true;
  return implies(byte < size, (offset + byte >= offset) & (offset + byte < file));
}

using GoodSplit = bool (*)(const U64& file, const U64& signature);

// Data, signature, trailer and mark are the file: each byte belongs to one of them.
Bool data_and_signature_divide_the_file(GoodSplit good) {
  const auto file = U64::any("file"), size = U64::any("signature");
  assume(file <= uint64_t{1} << 40);
  if (!good(file, size)) return true;
  const U64 data = file - signature::mark_size - signature::trailer_size - size;
  return (data > 0) & (data < file) & (size > 0) & (data + size + signature::trailer_size + signature::mark_size == file) & (size <= file - 40);
}

using GoodSegment = bool (*)(const U64& memory, const U64& memory_size, const U64& bytes, const U64& ram);

Bool every_byte_of_a_good_segment_is_memory(GoodSegment good) {
  const auto memory = U64::any("memory"), size = U64::any("size"), bytes = U64::any("bytes"), ram = U64::any("ram"), offset = U64::any("offset");
  assume(ram <= uint64_t{1} << 52);
  if (!good(memory, size, bytes, ram)) return true;
  return (size > 0) & (bytes <= size) & ((memory & 0xfff) == 0) & ((size & 0xfff) == 0) & implies(offset < size, (memory + offset >= memory) & (memory + offset < ram));
}

using Relative = Result<U64> (*)(const U64& at, const U64& distance, const U64& size);

Bool a_self_relative_word_stays_within_its_bytes(Relative relative_of) {
  const auto at = U64::any("at"), distance = U64::any("distance"), size = U64::any("size");
  assume((at < size) & (size <= 0x4000));
  // A signed word of 32 bits, extended.
  assume((distance < 0x8000'0000) | (distance >= 0xffff'ffff'8000'0000));
  const auto target = relative_of(at, distance, size);
  const Bool inside = at + distance < size;
  return target ? inside & (*target == at + distance) : !inside;
}

bool no_end(const U64& va, const U64& pa, const U64& epa, const U64& ram) { return good_range<U64>(va, pa, pa + 1, ram) && static_cast<bool>(epa > pa); }
bool ends_first(const U64& va, const U64& pa, const U64& epa, const U64& ram) { return static_cast<bool>(epa <= ram) && static_cast<bool>(va >= 0xffff'8000'0000'0000) && static_cast<bool>((va & 0xfff) == (pa & 0xfff)); }
bool any_address(const U64&, const U64& pa, const U64& epa, const U64& ram) { return static_cast<bool>(epa > pa) && static_cast<bool>(epa <= ram); }

bool looks_at_the_beginning(const U64& first, const U64&, const U64& low, const U64& high) { return static_cast<bool>(first >= high) || static_cast<bool>(first < low); }
bool counts_the_end_in(const U64& first, const U64& count, const U64& low, const U64& high) { return static_cast<bool>(first > high) || static_cast<bool>(first + count <= low); }

bool sum_that_wraps(const U64& offset, const U64& size, const U64& file) { return static_cast<bool>(offset + size <= file); }
bool forgets_the_offset(const U64& offset, const U64& size, const U64& file) { return static_cast<bool>(offset <= file) && static_cast<bool>(size <= file); }

bool empty_signature(const U64& file, const U64& size) { return static_cast<bool>(file > 40) && static_cast<bool>(size < file - 40); }
bool no_data(const U64& file, const U64& size) { return static_cast<bool>(file > 40) && static_cast<bool>(size > 0) && static_cast<bool>(size <= file - 40); }
bool wraps_for_short_files(const U64& file, const U64& size) { return static_cast<bool>(size > 0) && static_cast<bool>(size < file - 40); }

bool segment_wraps(const U64& memory, const U64& size, const U64& bytes, const U64& ram) {
  return static_cast<bool>(((memory | size) & 0xfff) == 0) && static_cast<bool>(size > 0) && static_cast<bool>(bytes <= size) && static_cast<bool>(memory + size <= ram);
}
bool segment_overflows(const U64& memory, const U64& size, const U64&, const U64& ram) { return good_segment<U64>(memory, size, U64(0), ram); }

Result<U64> no_bound(const U64& at, const U64& distance, const U64&) { return at + distance; }
Result<U64> one_too_far(const U64& at, const U64& distance, const U64& size) {
  if (at + distance > size) return fail(Errno::inval);
  return at + distance;
}
Result<U64> forward_only(const U64& at, const U64& distance, const U64& size) {
  if (distance >= size) return fail(Errno::inval);
  return relative<U64>(at, distance, size);
}

const Registration registered{
    proof("lvbs", "every_address_of_a_good_range_is_memory", every_address_of_a_good_range_is_memory, good_range<U64>, {{"no_end", no_end}, {"ends_first", ends_first}}),
    proof("lvbs", "a_good_range_stays_in_the_kernels_half_at_the_same_offset", a_good_range_stays_in_the_kernels_half_at_the_same_offset, good_range<U64>, {{"any_address", any_address}, {"no_end", no_end}}),
    proof("lvbs", "the_frames_of_a_good_range_are_counted_without_wrapping", the_frames_of_a_good_range_are_counted_without_wrapping, good_range<U64>, {{"ends_first", ends_first}}),
    proof("lvbs", "ranges_are_apart_exactly_where_no_frame_is_in_both", ranges_are_apart_exactly_where_no_frame_is_in_both, apart<U64>, {{"looks_at_the_beginning", looks_at_the_beginning}, {"counts_the_end_in", counts_the_end_in}}),
    proof("lvbs", "every_byte_of_a_part_is_within_its_file", every_byte_of_a_part_is_within_its_file, elf::in_file<U64>, {{"sum_that_wraps", sum_that_wraps}, {"forgets_the_offset", forgets_the_offset}}),
    proof("lvbs", "data_and_signature_divide_the_file", data_and_signature_divide_the_file, signature::good_split<U64>, {{"empty_signature", empty_signature}, {"no_data", no_data}, {"wraps_for_short_files", wraps_for_short_files}}),
    proof("lvbs", "every_byte_of_a_good_segment_is_memory", every_byte_of_a_good_segment_is_memory, good_segment<U64>, {{"segment_wraps", segment_wraps}, {"segment_overflows", segment_overflows}}),
    proof("lvbs", "a_self_relative_word_stays_within_its_bytes", a_self_relative_word_stays_within_its_bytes, relative<U64>, {{"no_bound", no_bound}, {"one_too_far", one_too_far}, {"forward_only", forward_only}}),
};

}  // namespace
}  // namespace cupel::proofs
