#include "fuzz/replay/isolated.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

namespace cupel::fuzz {
namespace {

using std::chrono::milliseconds;

TEST(RunIsolated, GivesBackWhatTheBodyReturned) {
  const auto ended = run_isolated([] { return std::string(100'000, 'x'); }, milliseconds(60'000));
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->came_back());
  EXPECT_EQ(ended->answer.size(), 100'000u);
}

TEST(RunIsolated, SurvivesABodyThatAborts) {
  const auto ended = run_isolated([]() -> std::string { std::abort(); }, milliseconds(60'000));
  ASSERT_TRUE(ended);
  EXPECT_FALSE(ended->came_back());
  EXPECT_TRUE(ended->in_time);
}

TEST(RunIsolated, SaysWhatAnExceptionSaid) {
  const auto ended = run_isolated([]() -> std::string { throw std::runtime_error("no such thing"); }, milliseconds(60'000));
  ASSERT_TRUE(ended);
  EXPECT_FALSE(ended->came_back());
  EXPECT_NE(ended->complaints.find("no such thing"), std::string::npos);
}

TEST(RunIsolated, EndsABodyThatDoesNotEnd) {
  const auto ended = run_isolated([]() -> std::string { for (volatile int turn = 0;; turn = turn + 1) {} }, milliseconds(50));
  ASSERT_TRUE(ended);
  EXPECT_FALSE(ended->in_time);
}

}  // namespace
}  // namespace cupel::fuzz
