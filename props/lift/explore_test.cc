#include "props/lift/explore.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "libos/base/page.hh"
#include "props/lift/unsat_cache.hh"

namespace cupel::lift {
namespace {

using testing::HasSubstr;

Bool every_byte_of_an_accepted_range_is_below_the_limit() {
  const auto base = U64::any("base"), size = U64::any("size"), limit = U64::any("limit"), byte = U64::any("byte");
  const auto range = user_range(base, size, limit);
  if (!range) return true;
  return implies(byte < size, base + byte < limit);
}

// The same claim about a range check which forms the sum.
Bool the_sum_of_a_range_does_not_wrap() {
  const auto base = U64::any("base"), size = U64::any("size"), limit = U64::any("limit");
  if (base + size > limit) return true;
  return base <= limit;
}

TEST(Explore, AShippedFunctionIsRunOncePerFeasiblePath) {
  const Outcome outcome = explore(every_byte_of_an_accepted_range_is_below_the_limit);
  EXPECT_EQ(outcome.verdict, Verdict::holds) << outcome.reason;
  EXPECT_EQ(outcome.paths, 3u);  // the base refused, the size refused, accepted
}

TEST(Explore, AWrongClaimIsRefutedByInputsAtWhichItFails) {
  const Outcome outcome = explore(the_sum_of_a_range_does_not_wrap);
  ASSERT_EQ(outcome.verdict, Verdict::refuted);
  ASSERT_EQ(outcome.counterexample.size(), 3u);
  EXPECT_EQ(outcome.counterexample[0].name, "base");
  const uint64_t base = outcome.counterexample[0].value, size = outcome.counterexample[1].value;
  EXPECT_LT(base + size, base) << "the counterexample shows the sum wrapping";
  EXPECT_FALSE(holds_at(the_sum_of_a_range_does_not_wrap, outcome.counterexample));
}

TEST(Explore, AConditionThatCanGoOneWayOnlyIsNoFork) {
  const Outcome outcome = explore([] {
    const auto x = U64::any("x");
    if ((x & 1) > 1) return Bool(false);
    if (x / 2 > x) return Bool(false);
    return Bool(true);
  });
  EXPECT_EQ(outcome.verdict, Verdict::holds);
  EXPECT_EQ(outcome.paths, 1u);
}

TEST(Explore, ALoopBoundedByAnInputHasAPathPerCount) {
  const Outcome outcome = explore([] {
    const auto count = U64::any("count");
    assume(count <= 5);
    U64 steps = 0;
    while (steps < count) ++steps;
    return steps == count;
  });
  EXPECT_EQ(outcome.verdict, Verdict::holds);
  EXPECT_EQ(outcome.paths, 6u);
}

TEST(Explore, AnAssumptionDropsThePathsAgainstIt) {
  const Outcome outcome = explore([] {
    const auto x = U64::any("x");
    const bool small = x < 10 ? true : false;
    assume(x > 20);
    return Bool(!small);
  });
  EXPECT_EQ(outcome.verdict, Verdict::holds);
  EXPECT_EQ(outcome.paths, 1u);
}

TEST(Explore, AClaimWhoseAssumptionsContradictEachOtherDoesNotHold) {
  const Outcome outcome = explore([] {
    const auto x = U64::any("x");
    assume(x < 10);
    assume(x > 20);
    return Bool(true);
  });
  EXPECT_EQ(outcome.verdict, Verdict::unknown);
  EXPECT_THAT(outcome.reason, HasSubstr("no input satisfies the assumptions"));
}

TEST(Explore, AReachableShiftByTheWidthRefutes) {
  const auto shift = [](uint64_t most) {
    return [=] {
      const auto count = U64::any("count");
      assume(count <= most);
      return (U64(1) << count) != 0;
    };
  };
  EXPECT_EQ(explore(shift(63)).verdict, Verdict::holds);
  const Outcome outcome = explore(shift(64));
  EXPECT_EQ(outcome.verdict, Verdict::refuted);
  EXPECT_THAT(outcome.reason, HasSubstr("shift"));
}

TEST(Explore, AReachableDivisionByZeroRefutesAndACheckedOneDoesNot) {
  EXPECT_EQ(explore([] { return U64::any("x") / U64::any("y") >= 0; }).verdict, Verdict::refuted);
  EXPECT_EQ(explore([] {
              const auto x = U64::any("x"), y = U64::any("y");
              if (y == 0) return Bool(true);
              return x / y <= x;
            }).verdict,
            Verdict::holds);
}

// Factoring: beyond any SAT solver's reach in this time.
Bool no_two_numbers_have_this_product() {
  const auto x = U64::any("x"), y = U64::any("y");
  assume((x > 1) & (y > 1));
  return U128(x) * U128(y) != U128(0xffff'ffff'ffff'ffc5) * U128(0xffff'ffff'ffff'ffad);
}

TEST(Explore, UnknownIsAFailure) {
  const Outcome outcome = explore(no_two_numbers_have_this_product, {.time_max = std::chrono::milliseconds(300)});
  EXPECT_EQ(outcome.verdict, Verdict::unknown);
  EXPECT_FALSE(outcome.reason.empty());
}

TEST(Explore, APathBudgetThatRunsOutIsAFailure) {
  const auto claim = [] {
    U64 sum = 0;
    for (int bit = 0; bit < 4; ++bit) {
      if ((U64::any("x" + std::to_string(bit)) & 1) != 0) sum += 1;
    }
    return sum <= 4;
  };
  EXPECT_EQ(explore(claim, {.paths_max = 16}).paths, 16u);
  EXPECT_EQ(explore(claim, {.paths_max = 16}).verdict, Verdict::holds);
  const Outcome outcome = explore(claim, {.paths_max = 15});
  EXPECT_EQ(outcome.verdict, Verdict::unknown);
  EXPECT_THAT(outcome.reason, HasSubstr("15 paths"));
}

TEST(Explore, TwoInputsOfOneNameAreAFailure) {
  const Outcome outcome = explore([] { return U64::any("x") == U64::any("x"); });
  EXPECT_EQ(outcome.verdict, Verdict::unknown);
  EXPECT_THAT(outcome.reason, HasSubstr("two inputs are named x"));
}

TEST(Explore, AnyOtherSeedGivesTheSameVerdictAndPaths) {
  for (const uint32_t seed : {1u, 2u, 3u}) {
    const Outcome outcome = explore(every_byte_of_an_accepted_range_is_below_the_limit, {.seed = seed});
    EXPECT_EQ(outcome.verdict, Verdict::holds);
    EXPECT_EQ(outcome.paths, 3u);
  }
}

class ExploreFiles : public testing::Test {
 protected:
  ExploreFiles() { std::filesystem::remove_all(folder_); }
  ~ExploreFiles() override { std::filesystem::remove_all(folder_); }
  size_t files() const {
    const auto all = std::filesystem::directory_iterator(folder_);
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }
  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ExploreFiles, WhatIsKnownToBeImpossibleIsNotAskedTwiceAndTheVerdictIsTheSame) {
  UnsatCache cache(folder_);
  EXPECT_EQ(explore(every_byte_of_an_accepted_range_is_below_the_limit, {.cache = &cache}).verdict, Verdict::holds);
  const size_t known = cache.size();
  ASSERT_GT(known, 0u);
  UnsatCache again(folder_);
  EXPECT_EQ(again.size(), known);
  EXPECT_EQ(explore(every_byte_of_an_accepted_range_is_below_the_limit, {.cache = &again}).verdict, Verdict::holds);
  EXPECT_EQ(again.size(), known);
  EXPECT_EQ(explore(the_sum_of_a_range_does_not_wrap, {.cache = &again}).verdict, Verdict::refuted);
}

TEST_F(ExploreFiles, ATornLineOfTheCacheIsNotBelieved) {
  const std::string key(32, 'a');
  {
    UnsatCache(folder_).add(key);
  }
  const auto file = std::filesystem::directory_iterator(folder_)->path();
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 3);
  EXPECT_FALSE(UnsatCache(folder_).contains(key));
}

TEST_F(ExploreFiles, EachUnsatAnswerIsWrittenAndCvc5Agrees) {
  const Outcome outcome =
      explore(every_byte_of_an_accepted_range_is_below_the_limit, {.smt2_folder = folder_, .second_solver = true});
  EXPECT_EQ(outcome.verdict, Verdict::holds) << outcome.reason;
  EXPECT_GE(files(), 1u);
}

}  // namespace
}  // namespace cupel::lift
