#include "platforms/mock/scheduler.hh"

#include <gtest/gtest.h>

#include <array>

namespace cupel::mock {
namespace {

// Two tasks of ten points each, and a bug that shows only when the first is interrupted exactly after its fifth: depth 2.
bool hits_the_bug(uint32_t seed) {
  Scheduler scheduler;
  scheduler.reset({.order = Order::pct, .seed = seed, .depth = 2, .points_expected = 20});
  scheduler.add(0);
  scheduler.add(1);
  std::array<int, 2> done{};
  const std::array<uint64_t, 2> due{};
  while (done[0] < 10 || done[1] < 10) {
    std::vector<uint32_t> ready;
    for (uint32_t task : {0u, 1u}) {
      if (done[task] < 10) ready.push_back(task);
    }
    const uint32_t task = scheduler.pick(ready, due);
    if (task == 1 && done[0] == 5) return true;
    scheduler.at_point(task);
    ++done[task];
  }
  return false;
}

TEST(Scheduler, PctHitsABugOfItsDepthAsOftenAsItPromises) {
  // For this bug the bound is exact: 1 / (2 tasks * 20 points) of all seeds, give or take a tenth.
  int hits = 0;
  for (uint32_t seed = 0; seed < 8000; ++seed) hits += hits_the_bug(seed);
  EXPECT_GE(hits, 180);
  EXPECT_LE(hits, 220);
}

TEST(Scheduler, ThePromiseFollowsFromTasksPointsAndDepth) {
  Scheduler scheduler;
  scheduler.reset({.order = Order::pct, .seed = 1, .depth = 3, .points_expected = 10});
  scheduler.add(0);
  scheduler.add(1);
  EXPECT_DOUBLE_EQ(scheduler.pct_bound(), 1.0 / (2 * 10 * 10));
}

}  // namespace
}  // namespace cupel::mock
