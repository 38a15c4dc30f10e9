#include "fuzz/regress/bisect.hh"

#include "fuzz/regress/fake_tree.hh"

namespace cupel::fuzz {
namespace {

class BisectTest : public FakeTree {
 protected:
  std::expected<Bisected, std::string> bisected(const std::string& good, const std::string& bad) {
    steps_.clear();
    return bisect(Revision(tree(), folder_ / "scratch"), folder_ / "program.txt", good, bad, [&](const BisectStep& step) { steps_.push_back(step); });
  }
  std::vector<BisectStep> steps_;
};

TEST_F(BisectTest, TheFirstBadCommitIsFoundAmongGoodOnesAndOnesThatDoNotBuild) {
  commits("good1 good2 broken good3 bad1 bad2 bad3 bad4");
  const auto result = bisected("HEAD~7", "HEAD");
  ASSERT_TRUE(result) << result.error();
  EXPECT_EQ(result->title, "bad1");
  EXPECT_TRUE(result->suspects.empty());
  EXPECT_LE(steps_.size(), 7u);
}

TEST_F(BisectTest, WhereOnlySkippedOnesStandBetweenAllSuspectsAreNamed) {
  commits("good1 broken other old bad1");
  const auto result = bisected("HEAD~4", "HEAD");
  ASSERT_TRUE(result) << result.error();
  EXPECT_TRUE(result->commit.empty());
  EXPECT_EQ(result->suspects.size(), 4u);
  for (const BisectStep& step : steps_) EXPECT_EQ(step.trouble.empty(), step.said != "skip") << step.title;
}

TEST_F(BisectTest, EndsThatDoNotDifferAreAnErrorThatSaysWhich) {
  commits("bad0 good1 bad1");
  const auto fails_in_both = bisected("HEAD~2", "HEAD");
  ASSERT_FALSE(fails_in_both);
  EXPECT_TRUE(fails_in_both.error().contains("--good")) << fails_in_both.error();
  const auto fails_in_none = bisected("HEAD~1", "HEAD~1");
  ASSERT_FALSE(fails_in_none);
  EXPECT_TRUE(fails_in_none.error().contains("does not fail")) << fails_in_none.error();
  const auto no_such = bisected("HEAD~9", "HEAD");
  ASSERT_FALSE(no_such);
  EXPECT_TRUE(no_such.error().contains("HEAD~9")) << no_such.error();
}

}  // namespace
}  // namespace cupel::fuzz
