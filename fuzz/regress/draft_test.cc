#include "fuzz/regress/draft.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "fuzz/regress/regress.hh"
#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

class DraftTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("cupel-draft-" + std::to_string(getpid()));
    fs::create_directories(finding());
    fs::create_directories(options().regressions);
    write(finding() / "program.txt", "# target: linux_program\nfsync(9)\n");
    write(finding() / "finding.json", R"json({"id":"linux_program-model-fsync","target":"linux_program","oracle":"model","call":"0: fsync(9)",
        "expected":"EBADF","got":"0","first_seen":"2026-11-25T10:00:00Z"})json");
  }
  void TearDown() override { fs::remove_all(folder_); }
  static void write(const fs::path& file, std::string_view text) { ASSERT_TRUE(write_file(file, text)); }
  fs::path finding() const { return folder_ / "finding"; }
  DraftOptions options(std::string id = {}) const { return {.regressions = folder_ / "regressions", .id = std::move(id), .mutant = {}, .invariant = {}}; }
  size_t entries() const { return static_cast<size_t>(std::distance(fs::directory_iterator(options().regressions), fs::directory_iterator())); }
  fs::path folder_;
};

TEST_F(DraftTest, AFindingBecomesAnEntryThatThePackTakes) {
  DraftOptions with_mutant = options("linux-fsync-of-nothing");
  with_mutant.mutant = "--- a/a\n";
  const auto folder = draft_entry(finding(), with_mutant);
  ASSERT_TRUE(folder) << folder.error();
  const auto loaded = load_entries(with_mutant.regressions, {});
  ASSERT_TRUE(loaded) << loaded.error();
  ASSERT_EQ(loaded->size(), 1u);
  EXPECT_EQ(loaded->front().id, "linux-fsync-of-nothing");
  EXPECT_EQ(loaded->front().target, "linux_program");
  EXPECT_EQ(loaded->front().oracle, "model");
  EXPECT_TRUE(loaded->front().patch);
  EXPECT_EQ(about_value(*folder / "about.md", "invariant"), "EBADF");
}

TEST_F(DraftTest, WithoutANameItHasTheFindings) {
  const auto folder = draft_entry(finding(), options());
  ASSERT_TRUE(folder) << folder.error();
  EXPECT_EQ(folder->filename(), "linux-program-model-fsync");
}

TEST_F(DraftTest, AnEntryThatIsThereIsLeftAlone) {
  ASSERT_TRUE(draft_entry(finding(), options("one")));
  write(options().regressions / "one/about.md", "mine");
  const auto again = draft_entry(finding(), options("one"));
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error().contains("one")) << again.error();
  EXPECT_EQ(read_file(options().regressions / "one/about.md").value(), "mine");
}

TEST_F(DraftTest, WhatIsNoFindingIsRefusedAndLeavesNothing) {
  write(finding() / "finding.json", R"({"id":"x"})");
  const auto folder = draft_entry(finding(), options());
  ASSERT_FALSE(folder);
  EXPECT_TRUE(folder.error().contains("finding.json") && folder.error().contains("target")) << folder.error();
  EXPECT_EQ(entries(), 0u);
}

TEST_F(DraftTest, AFixTakenBackIsAMutantWithoutItsTests) {
  const std::string tree = (folder_ / "tree").string();
  const std::string script = "mkdir " + tree + " && cd " + tree +
                             " && git init --quiet && git config user.name a && git config user.email a@b && echo 'int bug;' >a.cc && git add . && git commit --quiet -m bug"
                             " && echo 'int fixed;' >a.cc && echo test >a_test.cc && git add . && git commit --quiet -m fix";
  ASSERT_EQ(std::system(script.c_str()), 0);
  const auto patch = patch_that_undoes(tree, "HEAD");
  ASSERT_TRUE(patch) << patch.error();
  EXPECT_TRUE(patch->contains("-int fixed;\n+int bug;\n")) << *patch;
  EXPECT_FALSE(patch->contains("a_test.cc")) << *patch;
  const auto none = patch_that_undoes(tree, "nowhere");
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().contains("nowhere")) << none.error();
}

}  // namespace
}  // namespace cupel::fuzz
