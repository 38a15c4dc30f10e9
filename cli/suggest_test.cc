#include "cli/suggest.hh"

#include <gtest/gtest.h>

#include <vector>

namespace cupel::cli {
namespace {

const std::vector<std::string> options{"--time", "--jobs", "--state", "--seed", "--json"};

TEST(Closest, ASlipOfTheFingerIsUnderstood) {
  EXPECT_EQ(closest("--tmie", options), "--time");
  EXPECT_EQ(closest("--jsno", options), "--json");
  EXPECT_EQ(closest("--stat", options), "--state");
}

TEST(Closest, SomethingElseIsNotGuessedAt) {
  EXPECT_EQ(closest("--verbose", options), "");
  EXPECT_EQ(closest("x", {}), "");
}

}  // namespace
}  // namespace cupel::cli
