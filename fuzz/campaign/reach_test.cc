#include "fuzz/campaign/reach.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

const ReachMap map{{"libos/fs/walk.cc", {{"linux_program", 90}, {"linux_host", 60}}}, {"platforms/snp/ghcb.cc", {{"snp_exits", 100}}}};

TEST(Reach, TheTargetsThatRunMoreOfWhatChangedGetMoreOfTheTimeAndNoneIsLeftOut) {
  const std::map<std::string, unsigned> expected{{"linux_program", 18}, {"linux_host", 12}, {"snp_exits", 1}};
  EXPECT_EQ(parts_by_reach(map, {"README.md", "libos/fs/walk.cc"}), expected);
}

TEST(Reach, AChangeThatNoTargetReachesSaysNothing) { EXPECT_TRUE(parts_by_reach(map, {"README.md"}).empty()); }

TEST(Reach, AFileThatIsNoMapIsAnErrorWhichNamesItAndItsMaker) {
  const auto file = std::filesystem::path(testing::TempDir()) / ("cupel-reach-" + std::to_string(getpid()));
  for (const char* content : {"[", "[]", R"({"a.cc":1})", R"({"a.cc":{"linux_program":101}})", R"({"a.cc":{"linux_program":-1}})"}) {
    ASSERT_TRUE(write_file(file, content));
    const auto read = read_reach(file);
    ASSERT_FALSE(read) << content;
    EXPECT_TRUE(read.error().contains(file.string()) && read.error().contains("ci/coverage map")) << read.error();
  }
  ASSERT_TRUE(write_file(file, R"({"a.cc":{"linux_program":100}})"));
  EXPECT_EQ(read_reach(file).value(), (ReachMap{{"a.cc", {{"linux_program", 100}}}}));
  std::filesystem::remove(file);
  EXPECT_FALSE(read_reach(file));
}

}  // namespace
}  // namespace cupel::fuzz
