#pragma once
#include "platforms/lvbs/vtl0_memory.hh"

// The lists of ranges that service calls take: a chain of pages in VTL0's memory, each with a count and up to 127 ranges.
namespace cupel::lvbs {

struct Range {
  uint64_t va = 0, pa = 0, epa = 0, attribute = 0;
  uint64_t size() const { return epa - pa; }
  uint64_t first() const { return pa >> 12; }
  uint64_t frames() const { return ((epa - 1) >> 12) - first() + 1; }
  bool aligned() const { return ((pa | epa) & 0xfff) == 0; }
};
inline constexpr uint64_t ranges_per_page = 127, ranges_max = 256;

// Whether it is a range of the machine's memory that is not empty, at an address of the kernel's half which lies in its page as
// the frame does.
template <class Word>
constexpr bool good_range(const Word& va, const Word& pa, const Word& epa, const Word& ram_bytes) {
  if (epa <= pa) return false;
  if (epa > ram_bytes) return false;
  if ((va & Word(0xfff)) != (pa & Word(0xfff))) return false;
  if (va < Word(0xffff'8000'0000'0000)) return false;
  return static_cast<bool>(epa - pa <= ~Word(0) - va);
}

template <VtlHardware Hardware>
class RangeList {
 public:
  explicit RangeList(Core<Hardware>& core, Vtl0Memory<Hardware>& memory) : core_(core), memory_(memory) {}

  // All `count` ranges of the list that begins at `pa`: exactly so many, each page adding one at least, no page twice. EINVAL.
  [[nodiscard]] Result<std::span<const Range>> read(uint64_t pa, uint64_t count) {
    if (count == 0 || count > ranges_max) return fail(Errno::inval);
    uint64_t read = 0;
    while (read < count) {
      if ((pa & 0xfff) != 0) return fail(Errno::inval);
      uint64_t head[3] = {};
      TRY(memory_.copy_words(pa, head, SITE("heki.page", "1 to 127 ranges, and no more than are left")));
      const uint64_t here = head[2];
      if (here == 0 || here > ranges_per_page || here > count - read) return fail(Errno::inval);
      TRY(memory_.copy_words(pa + 24, {&words_[read][0], here * 4}, SITE("heki.range", "good_range, attribute of this call", "every_address_of_a_good_range_is_memory")));
      read += here;
      pa = head[1];
    }
    for (uint64_t index = 0; index < count; ++index) {
      const uint64_t* word = words_[index];
      if (!good_range<uint64_t>(word[0], word[1], word[2], core_.layout().ram_end << 12)) return fail(Errno::inval);
      ranges_[index] = {word[0], word[1], word[2], word[3]};
      if (!memory_.is_vtl0(ranges_[index].pa, ranges_[index].size())) return fail(Errno::inval);
    }
    return std::span<const Range>(ranges_, count);
  }

 private:
  Core<Hardware>& core_;
  Vtl0Memory<Hardware>& memory_;
  uint64_t words_[ranges_max][4];
  Range ranges_[ranges_max];
};

}  // namespace cupel::lvbs
