#include "libos/mm/find_gap.hh"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace cupel {
namespace {

using Runs = std::vector<PageRun<uint64_t>>;
using Page = Result<uint64_t>;

TEST(FindGap, TheLowestIsTheFirstThatIsLargeEnough) {
  const Runs runs{{10, 12}, {14, 20}, {25, 30}};
  EXPECT_EQ(find_lowest_gap<uint64_t>(runs, 2, 10, 100), Page(12));
  EXPECT_EQ(find_lowest_gap<uint64_t>(runs, 3, 10, 100), Page(20));
  EXPECT_EQ(find_lowest_gap<uint64_t>(runs, 6, 10, 100), Page(30));
  EXPECT_EQ(find_lowest_gap<uint64_t>(runs, 71, 10, 100), fail(Errno::nomem));
}

TEST(FindGap, TheHighestEndsWhereTheNextMappingStarts) {
  const Runs runs{{10, 12}, {14, 20}, {25, 100}};
  EXPECT_EQ(find_highest_gap<uint64_t>(runs, 5, 10, 100), Page(20));
  EXPECT_EQ(find_highest_gap<uint64_t>(runs, 2, 10, 25), Page(23));
  EXPECT_EQ(find_highest_gap<uint64_t>(runs, 6, 10, 100), fail(Errno::nomem));
  EXPECT_EQ(find_highest_gap<uint64_t>(Runs{}, 6, 10, 100), Page(94));
}

TEST(FindGap, MappingsOutsideTheWindowDoNotMatter) {
  const Runs runs{{0, 5}, {8, 12}, {95, 120}, {130, 140}};
  EXPECT_EQ(find_lowest_gap<uint64_t>(runs, 83, 10, 100), Page(12));
  EXPECT_EQ(find_highest_gap<uint64_t>(runs, 83, 10, 100), Page(12));
  EXPECT_EQ(find_lowest_gap<uint64_t>(runs, 84, 10, 100), fail(Errno::nomem));
  EXPECT_EQ(find_highest_gap<uint64_t>(runs, 84, 10, 100), fail(Errno::nomem));
}

TEST(FindGap, NoPagesIsInvalid) {
  EXPECT_EQ(find_lowest_gap<uint64_t>(Runs{}, 0, 10, 100), fail(Errno::inval));
  EXPECT_EQ(find_highest_gap<uint64_t>(Runs{}, 0, 10, 100), fail(Errno::inval));
}

}  // namespace
}  // namespace cupel
