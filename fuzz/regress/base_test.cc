#include "fuzz/regress/base.hh"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fuzz/regress/fake_tree.hh"

namespace cupel::fuzz {
namespace {

class BaseTest : public FakeTree {
 protected:
  // A campaign that has one finding, of this oracle.
  State with_finding(const std::string& id, const std::string& oracle) {
    State state = State::open(folder_ / "state").value();
    std::filesystem::create_directories(state.findings() / id);
    EXPECT_TRUE(write_file(state.findings() / id / "program.txt", "tweet\n"));
    EXPECT_TRUE(write_file(state.findings() / id / "finding.json", fmt::format(R"({{"id":"{}","oracle":"{}","verdict":"finding"}})", id, oracle)));
    return state;
  }
  std::expected<std::vector<std::string>, std::string> aside(const State& state, const std::string& base) {
    return set_aside_what_base_has(state, Revision(tree(), folder_ / "scratch"), base);
  }
};

TEST_F(BaseTest, WhatFailsInTheBaseInTheSameWayIsMovedAway) {
  commits("bad0 bad1");
  const State state = with_finding("one", "model");
  EXPECT_EQ(aside(state, "HEAD~1").value(), std::vector<std::string>{"one"});
  EXPECT_TRUE(state.all_findings().empty());
  EXPECT_TRUE(std::filesystem::exists(state.folder() / "on-base/one/program.txt"));
  with_finding("one", "model");  // found once more, by a later campaign
  EXPECT_EQ(aside(state, "HEAD~1").value().size(), 1u);
}

TEST_F(BaseTest, WhatPassesInTheBaseOrFailsOtherwiseOrIsUnknownThereStays) {
  commits("good0 other0 old0 bad1");
  const State state = with_finding("one", "model");
  for (const char* base : {"HEAD~3", "HEAD~2", "HEAD~1"}) {
    EXPECT_TRUE(aside(state, base).value().empty()) << base;
    EXPECT_EQ(state.all_findings().size(), 1u) << base;
  }
}

TEST_F(BaseTest, ABaseThatIsNoCommitIsNamed) {
  commits("good0");
  const auto asked = aside(with_finding("one", "model"), "HEAD~5");
  ASSERT_FALSE(asked);
  EXPECT_TRUE(asked.error().contains("HEAD~5")) << asked.error();
}

TEST_F(BaseTest, WhatChangedSinceTheBaseIsListedWithWhatIsNotCommitted) {
  commits("good0 good1");
  EXPECT_EQ(changed_since(tree(), "HEAD~1").value(), std::vector<std::string>{"state"});
  ASSERT_TRUE(write_file(tree() / "cupel.sh", "changed\n"));
  EXPECT_EQ(changed_since(tree(), "HEAD~1").value(), (std::vector<std::string>{"cupel.sh", "state"}));
}

}  // namespace
}  // namespace cupel::fuzz
