#include "fuzz/campaign/plan.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

class PlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "cupel-plan-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::expected<Plan, std::string> read(std::string_view text) {
    EXPECT_TRUE(write_file(folder_ / "a.toml", text));
    return read_plan(folder_ / "a.toml");
  }
  void refuses(std::string_view text, const std::string& why) {
    const auto plan = read(text);
    ASSERT_FALSE(plan);
    EXPECT_NE(plan.error().find(why), std::string::npos) << plan.error();
  }

  std::filesystem::path folder_;
};

TEST_F(PlanTest, SaysTargetsTimeAndParts) {
  const auto plan = read("about = \"x\"\ntime = \"4m\"\njobs = 3\ntargets = [\"a\", \"b\"]\n[parts]\nb = 4\n");
  ASSERT_TRUE(plan) << plan.error();
  EXPECT_EQ(plan->time, "4m");
  EXPECT_EQ(plan->jobs, 3U);
  EXPECT_EQ(plan->targets, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(plan->parts.at("b"), 4U);
}

TEST_F(PlanTest, WhatIsWrongIsNamedWithItsLine) {
  refuses("time = \"4m\"\ntmie = \"5m\"\n", "a.toml:2: \"tmie\" is not known");
  refuses("time = 4\n", "a.toml:1: here stands a text");
  refuses("\njobs = 0\n", "a.toml:2: here stands a number from 1");
  refuses("[parts]\na = -1\n", "a.toml:2: here stands a number");
  refuses("parts = 3\n", "a.toml:1: here stands a table");
  refuses("targets = []\n", "a.toml:1: here stands a list");
  refuses("time = \"4m\nx", "a.toml:1:");
}

TEST_F(PlanTest, ACampaignThatIsNotThereIsNamed) { EXPECT_NE(read_plan(folder_ / "none.toml").error().find("none.toml: there is no such campaign"), std::string::npos); }

}  // namespace
}  // namespace cupel::fuzz
