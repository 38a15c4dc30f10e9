#include "libos/mm/find_gap.hh"

#include "props/properties/chooser.hh"

namespace cupel::props {
namespace {

constexpr uint64_t end_page = 20;

// Against looking at every page.
template <Chooser C>
void a_gap_is_the_lowest_or_highest_that_is_free(C& choose) {
  std::vector<PageRun<uint64_t>> runs;
  std::vector<bool> taken(end_page, false);
  for (uint64_t at = 0; choose.more();) {
    const uint64_t start = at + choose.below(4), end = start + 1 + choose.below(3);
    if (end > end_page) break;
    runs.push_back({start, end});
    for (at = start; at < end; ++at) taken[at] = true;
  }
  for (uint64_t low = 0; low <= end_page; low += 3) {
    for (uint64_t pages = 1; pages <= 6; ++pages) {
      std::vector<uint64_t> fits;
      for (uint64_t start = low; start + pages <= end_page; ++start) {
        bool free = true;
        for (uint64_t page = start; page < start + pages; ++page) free = free && !taken[page];
        if (free) fits.push_back(start);
      }
      const auto lowest = find_lowest_gap<uint64_t>(runs, pages, low, end_page), highest = find_highest_gap<uint64_t>(runs, pages, low, end_page);
      CLAIM(lowest == (fits.empty() ? Result<uint64_t>(fail(Errno::nomem)) : Result<uint64_t>(fits.front())));
      CLAIM(highest == (fits.empty() ? Result<uint64_t>(fail(Errno::nomem)) : Result<uint64_t>(fits.back())));
    }
  }
}

CUPEL_PROPERTY(FindGap, a_gap_is_the_lowest_or_highest_that_is_free)

TEST(FindGap, EveryArrangementOfThreeMappingsHoldsToIt) {
  uint32_t programs = 0;
  for (ExhaustiveChooser choose(3); choose.next(); ++programs) a_gap_is_the_lowest_or_highest_that_is_free(choose);
  EXPECT_EQ(programs, 1728u);  // (4 * 3)^3
}

}  // namespace
}  // namespace cupel::props
