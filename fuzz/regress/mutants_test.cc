#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "fuzz/regress/mutant.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

// A tree of one file under git, and a scratch copy that counts as configured.
class Mutants : public testing::Test {
 protected:
  void SetUp() override {
    folder = fs::path(testing::TempDir()) / ("cupel-mutants-" + std::to_string(getpid()));
    write(folder / "source/a.cc", "int one;\n");
    write(folder / "scratch/build/fuzz/build.ninja", "");
    ASSERT_EQ(std::system(("git init --quiet " + (folder / "source").string()).c_str()), 0);
  }
  void TearDown() override { fs::remove_all(folder); }
  static void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  EntryResult judged(const std::string& id, const std::string& patch) {
    write(folder / id, patch);
    EntryResult result;
    result.entry.id = id;
    result.entry.patch = folder / id;
    result.on_current.verdict = "ok";
    Scratch scratch(folder / "source", folder / "scratch", 1);
    judge_mutant(result, scratch, {}, [](const std::string&) {});
    return result;
  }
  fs::path folder;
};

TEST_F(Mutants, APatchThatDoesNotApplyIsItsEntrysFailureAndIsNamed) {
  const EntryResult result = judged("stale", "--- a/a.cc\n+++ b/a.cc\n@@ -1 +1 @@\n-int two;\n+int three;\n");
  EXPECT_EQ(result.mutant, "broken");
  EXPECT_TRUE(result.trouble.contains("stale")) << result.trouble;
  EXPECT_FALSE(passes(result));
}

TEST_F(Mutants, AMutantThatDoesNotBuildIsItsEntrysFailureAndLeavesNothingForTheNext) {
  const std::string patch = "--- a/a.cc\n+++ b/a.cc\n@@ -1 +1 @@\n-int one;\n+int three;\n";
  for (const char* id : {"first", "second"}) {
    const EntryResult result = judged(id, patch);
    EXPECT_EQ(result.mutant, "broken");
    EXPECT_TRUE(result.trouble.contains("building the mutant")) << result.trouble;
  }
}

TEST_F(Mutants, AnEntryWithoutAPatchPassesAsItStands) {
  EntryResult result;
  result.on_current.verdict = "ok";
  Scratch scratch(folder / "source", folder / "scratch", 1);
  judge_mutant(result, scratch, {}, [](const std::string&) {});
  EXPECT_TRUE(passes(result));
}

}  // namespace
}  // namespace cupel::fuzz
