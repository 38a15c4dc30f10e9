#include "fuzz/campaign/campaign.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "fuzz/campaign/report.hh"
#include "fuzz/campaign/worker.hh"
#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

const TargetInfo stand_in{"stand_in", "a name that findings may begin with", nullptr};
const TargetRegistration stand_in_registration(stand_in);

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "cupel-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST(ReadProgress, TakesOverWhatALineOfLibFuzzerSays) {
  Progress progress;
  read_progress("#2048\tNEW    cov: 512 ft: 900 corp: 33/1024b lim: 4096 exec/s: 1024 rss: 40Mb L: 12/40 MS: 1 Custom-", progress);
  EXPECT_EQ(progress.executions, 2048u);
  EXPECT_EQ(progress.edges, 512u);
  EXPECT_EQ(progress.corpus, 33u);
  EXPECT_EQ(progress.rate, 1024u);
}

TEST(ReadProgress, OtherLinesChangeNothing) {
  Progress progress{.executions = 7};
  read_progress("INFO: Running with entropic power schedule", progress);
  read_progress("#oops", progress);
  EXPECT_EQ(progress.executions, 7u);
}

TEST_F(FolderTest, AStateFolderThatCannotBeMadeIsNamedInTheError) {
  std::ofstream(folder_ / "file") << "x";
  auto state = State::open(folder_ / "file" / "state");
  ASSERT_FALSE(state);
  EXPECT_NE(state.error().find("file/state"), std::string::npos);
}

TEST_F(FolderTest, ASampleCutShortByAKillIsPassedOverAndTheRestKept) {
  auto state = State::open(folder_).value();
  ASSERT_TRUE(state.append_sample({{"seconds", 1.0}, {"target", "t"}, {"edges", 5}}));
  std::ofstream(folder_ / "series.jsonl", std::ios::app) << "{\"seconds\": 2.0, \"tar";
  EXPECT_EQ(state.samples().size(), 1u);
}

TEST_F(FolderTest, WhatFollowsALineCutShortIsALineOfItsOwn) {
  auto state = State::open(folder_).value();
  std::ofstream(folder_ / "series.jsonl") << "{\"seconds\": 2.0, \"tar";
  ASSERT_TRUE(state.append_sample({{"seconds", 3.0}, {"target", "t"}}));
  ASSERT_EQ(state.samples().size(), 1u);
  EXPECT_EQ(state.samples()[0]["seconds"], 3.0);
}

TEST_F(FolderTest, LinesThatAreNoSamplesArePassedOver) {
  auto state = State::open(folder_).value();
  std::ofstream(folder_ / "series.jsonl") << "[1]\n{\"seconds\": \"soon\", \"target\": \"t\"}\n{\"seconds\": 1, \"target\": 7}\n"
                                          << "{\"seconds\": 1, \"target\": \"t\", \"edges\": -1}\n\xff\x01\n{\"seconds\": 1, \"target\": \"t\"}\n";
  EXPECT_EQ(state.samples().size(), 1u);
}

TEST_F(FolderTest, AFindingCutShortIsNotListedAndItsInputIsLookedAtAgain) {
  auto state = State::open(folder_).value();
  const std::string id = "stand_in-oracle-call";
  fs::create_directories(state.findings() / id);
  ASSERT_TRUE(write_file(state.findings() / id / "input.bin", "bytes"));
  ASSERT_TRUE(write_file(state.findings() / id / "finding.json", R"({"id": "a", "oracle": )"));
  fs::create_directories(state.findings() / "garbage");
  fs::create_directories(state.findings() / "whole");
  ASSERT_TRUE(write_file(state.findings() / "whole/finding.json", R"({"id": "whole", "oracle": "model"})"));
  ASSERT_EQ(state.all_findings().size(), 1u);
  const auto said = state.recover();
  ASSERT_TRUE(said) << said.error();
  EXPECT_EQ(said->size(), 2u);
  EXPECT_EQ(read_file(state.raw("stand_in") / ("crash-recovered-" + id)).value_or(""), "bytes");
  EXPECT_FALSE(fs::exists(state.findings() / id));
  EXPECT_TRUE(fs::exists(state.findings() / "whole/finding.json"));
  EXPECT_EQ(state.recover()->size(), 1u) << "what cannot be helped is said again";
}

TEST_F(FolderTest, AFindingWithFieldsOfWrongKindsIsNotListed) {
  auto state = State::open(folder_).value();
  fs::create_directories(state.findings() / "a");
  for (const char* content : {"", "[]", "{}", R"({"id": 3})", R"({"id": "a", "call": null})"}) {
    ASSERT_TRUE(write_file(state.findings() / "a/finding.json", content));
    EXPECT_TRUE(state.all_findings().empty()) << content;
  }
}

TEST_F(FolderTest, AWrittenFileIsWholeAndLeavesNoTrace) {
  ASSERT_TRUE(write_file(folder_ / "a", "one"));
  ASSERT_TRUE(write_file(folder_ / "a", "two"));
  EXPECT_EQ(read_file(folder_ / "a").value(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(FolderTest, AnInputOfNoKnownTargetIsRefusedWithItsName) {
  std::ofstream(folder_ / "x.txt") << "# target: no_such_target\n";
  auto input = load_input(folder_ / "x.txt", "");
  ASSERT_FALSE(input);
  EXPECT_NE(input.error().find("no_such_target"), std::string::npos);
}

TEST_F(FolderTest, AReportShowsFindingsEscaped) {
  auto state = State::open(folder_).value();
  fs::create_directories(folder_ / "findings/a");
  ASSERT_TRUE(write_file(folder_ / "findings/a/finding.json", R"({"id":"a","oracle":"<model>","call":"1: read"})"));
  auto page = write_report(state);
  ASSERT_TRUE(page) << page.error();
  const std::string html = read_file(*page).value();
  EXPECT_NE(html.find("&lt;model&gt;"), std::string::npos);
  EXPECT_EQ(html.find("<model>"), std::string::npos);
}

}  // namespace
}  // namespace cupel::fuzz
