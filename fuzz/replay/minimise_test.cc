#include "fuzz/replay/minimise.hh"

#include <gtest/gtest.h>

#include <algorithm>

#include "fuzz/replay/letters_target.hh"

namespace cupel::fuzz {
namespace {

// Fails where the input holds both an 'a' and a 'b': at "sing", with a 'c' beside them at "dance".
class TwoLetters final : public LettersTarget {
 public:
  std::string_view name() const override { return "two_letters"; }
  Run run(ByteView input) override {
    Run result;
    if (std::ranges::count(input, 'a') > 0 && std::ranges::count(input, 'b') > 0) {
      const bool dances = std::ranges::count(input, 'c') > 0;
      result.finding = Finding{"letters", dances ? "2: dance(1)" : "1: sing(2)", "one", "two"};
    }
    return result;
  }
};

const TargetInfo info{"two_letters", "for this test", [] { return std::unique_ptr<Target>(std::make_unique<TwoLetters>()); }};
const TargetRegistration registration(info);

const Input long_input{"x.bin", "two_letters", {'x', 'a', 'y', 'a', 'z', 'b', 'w'}, {}};

TEST(Minimise, WhatIsLeftFailsInTheSameWayAndNothingCanBeTakenAway) {
  const auto finding = replay(long_input, {});
  ASSERT_TRUE(finding);
  ASSERT_EQ(finding->oracle, "letters");
  const Input smallest = minimise(long_input, judge_by_replay(*finding, {}), std::chrono::milliseconds(60'000));
  EXPECT_EQ(smallest.bytes, (Bytes{'a', 'b'}));
}

TEST(Minimise, WhatIsLeftFailsAtTheSameCall) {
  Input dancing = long_input;
  dancing.bytes.push_back('c');
  const auto finding = replay(dancing, {});
  ASSERT_TRUE(finding);
  EXPECT_EQ(where_seen(*finding), "dance");
  EXPECT_EQ(minimise(dancing, judge_by_replay(*finding, {}), std::chrono::milliseconds(60'000)).bytes, (Bytes{'a', 'b', 'c'}));
}

TEST(Minimise, WithoutTimeTheInputStaysAsItIs) {
  const auto finding = replay(long_input, {});
  ASSERT_TRUE(finding);
  EXPECT_EQ(minimise(long_input, judge_by_replay(*finding, {}), std::chrono::milliseconds(0)).bytes, long_input.bytes);
}

TEST(Minimise, AnotherOraclesVerdictIsNotTheSameFailure) {
  auto finding = replay(long_input, {});
  ASSERT_TRUE(finding);
  finding->oracle = "another";
  EXPECT_EQ(minimise(long_input, judge_by_replay(*finding, {}), std::chrono::milliseconds(60'000)).bytes, long_input.bytes);
}

}  // namespace
}  // namespace cupel::fuzz
