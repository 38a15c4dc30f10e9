#include "fuzz/regress/kept.hh"

#include <gtest/gtest.h>
#include <unistd.h>

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

class KeptTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = fs::path(testing::TempDir()) / ("cupel-kept-" + std::to_string(getpid()));
    fs::create_directories(folder);
    write_patch("-one\n+two\n");
    ASSERT_TRUE(write_file(folder / "program.txt", "accept\n"));
    result.entry.id = "an-entry", result.entry.patch = folder / "mutant.patch", result.entry.input = folder / "program.txt";
    result.mutant = "caught", result.seconds = 0.5, result.catchers = {"rmp"};
    result.on_mutant.verdict = "finding", result.on_mutant.oracle = "rmp";
    result.rediscovery = Rediscovery{true, 1.5, 700, "rmp", {1, 2, 255}};
    ASSERT_TRUE(kept("sources", options).keep(result));
  }
  void TearDown() override { fs::remove_all(folder); }
  void write_patch(const std::string& text) { ASSERT_TRUE(write_file(folder / "mutant.patch", text)); }
  Kept kept(const std::string& sources, const MutantOptions& with) const { return Kept(folder / "results", sources, with); }
  EntryResult blank() const {
    EntryResult fresh;
    fresh.entry = result.entry;
    return fresh;
  }

  fs::path folder;
  MutantOptions options{.source = {}, .scratch = {}, .rediscover = std::chrono::seconds(20)};
  EntryResult result;
};

TEST_F(KeptTest, WhatWasKeptComesBackWhole) {
  EntryResult again = blank();
  ASSERT_TRUE(kept("sources", options).take(again));
  EXPECT_EQ(again.mutant, "caught");
  EXPECT_EQ(again.on_mutant.oracle, "rmp");
  EXPECT_EQ(again.catchers, result.catchers);
  ASSERT_TRUE(again.rediscovery);
  EXPECT_EQ(again.rediscovery->input, result.rediscovery->input);
  EXPECT_EQ(again.rediscovery->executions, 700u);
  EXPECT_TRUE(again.kept);
}

TEST_F(KeptTest, OtherSourcesOptionsOrPatchesKnowNothingOfIt) {
  EntryResult again = blank();
  EXPECT_FALSE(kept("other sources", options).take(again));
  MutantOptions longer = options;
  longer.rediscover = std::chrono::seconds(21);
  EXPECT_FALSE(kept("sources", longer).take(again));
  write_patch("-one\n+three\n");
  EXPECT_FALSE(kept("sources", options).take(again));
  EXPECT_EQ(again.mutant, "none");
}

}  // namespace
}  // namespace cupel::fuzz
