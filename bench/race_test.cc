#include "bench/race.hh"

#include <gtest/gtest.h>

namespace cupel::bench {
namespace {

Contestant giving(std::string name, std::string baseline, std::vector<double> values) {
  return {name, "things", std::move(baseline), [values, next = size_t{0}](double) mutable { return values[next++ % values.size()]; }};
}

TEST(Race, AValueIsTheMedianOfItsTurnsAndItsRatioThatToItsBaseline) {
  const Report report = race({giving("one", "other", {5, 100, 4, 6, 1}), giving("other", "other", {2})}, 1);
  ASSERT_EQ(report.rows.size(), 2u);
  EXPECT_EQ(report.rows[0].value, 5);
  EXPECT_EQ(report.rows[0].baseline_value, 2);
  EXPECT_EQ(report.rows[0].ratio, 2.5);
  EXPECT_EQ(report.rows[1].ratio, 1);
}

TEST(Race, ContestantsTakeTurns) {
  std::string order;
  const auto noting = [&](char letter) {
    return Contestant{{letter}, "", "", [&order, letter](double) { return order += letter, 1.0; }};
  };
  race({noting('a'), noting('b')}, 1);
  EXPECT_EQ(order, "ababababab");
}

TEST(Race, WhoCannotBeMeasuredIsMissingWithTheReasonAndStopsNobody) {
  const Contestant broken{"broken", "", "", [](double) { return std::unexpected(std::string("no wheels")); }};
  const Report report = race({broken, giving("whole", "whole", {3})}, 1);
  ASSERT_EQ(report.rows.size(), 1u);
  EXPECT_EQ(report.rows[0].name, "whole");
  EXPECT_EQ(report.missing, std::vector<std::string>{"broken: no wheels"});
}

TEST(Race, ARateCountsAllThatWasDone) {
  size_t done = 0;
  const double value = rate(0.001, [&] { return done += 7, size_t{7}; });
  EXPECT_GT(done, 0u);
  EXPECT_GT(value, 0);
  EXPECT_LE(value, static_cast<double>(done) / 0.001);
}

}  // namespace
}  // namespace cupel::bench
