#include "props/proofs/prove.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using testing::MatchesRegex;

using Half = U64 (*)(const U64& value);

Bool half_is_at_most_the_value(Half half) {
  const auto value = U64::any("value");
  return half(value) <= value;
}
Bool twice_half_is_the_value(Half half) {
  const auto value = U64::any("value");
  return half(value) + half(value) == value;
}
U64 half(const U64& value) { return value / 2; }
U64 twice(const U64& value) { return value + value; }
U64 itself(const U64& value) { return value; }

// Not registered: `cupel prove` does not see them.
const Proof standing = proof("test", "half_is_at_most_the_value", half_is_at_most_the_value, half, {{"twice", twice}});
const Proof wrong = proof("test", "twice_half_is_the_value", twice_half_is_the_value, half, {{"itself", itself}});
const Proof toothless =
    proof("test", "half_is_at_most_the_value", half_is_at_most_the_value, half, {{"itself", itself}});

TEST(Prove, AProofStandsWhenItHoldsAndEachMutantIsRefuted) {
  const ProofResult result = prove(standing);
  EXPECT_EQ(result.verdict, Verdict::holds);
  EXPECT_EQ(result.mutants.front().verdict, Verdict::refuted);
  EXPECT_TRUE(result.stands());
  EXPECT_EQ(result.counterexample, "");
  EXPECT_FALSE(prove(standing, {.mutants = false}).stands()) << "nothing has shown its teeth";
}

TEST(Prove, AProofWithASurvivingMutantHoldsButDoesNotStand) {
  const ProofResult result = prove(toothless);
  EXPECT_EQ(result.verdict, Verdict::holds);
  EXPECT_EQ(result.mutants.front().verdict, Verdict::holds);
  EXPECT_FALSE(result.stands());
}

TEST(Prove, ARefutedClaimIsPrintedAsATestWithItsInputs) {
  const ProofResult result = prove(wrong, {.mutants = false});
  EXPECT_EQ(result.verdict, Verdict::refuted);
  EXPECT_THAT(result.counterexample,
              MatchesRegex("// the claim is false\n"
                           "TEST\\(Counterexample, TwiceHalfIsTheValue\\) \\{\n"
                           "  EXPECT_TRUE\\(cupel::proofs::holds_at\\(\"twice_half_is_the_value\", "
                           "\\{\\{\"value\", 0x[0-9a-f]*[13579bdf]\\}\\}\\)\\);\n\\}\n"));
}

TEST(Prove, AProofWhoseTimeIsUpIsUnknownAndDoesNotStand) {
  const ProofResult result = prove(standing, {.time_max = std::chrono::milliseconds(0)});
  EXPECT_EQ(result.verdict, Verdict::unknown);
  EXPECT_FALSE(result.stands());
}

TEST(Prove, AGroupOrANameChoosesAndAnythingElseChoosesNothing) {
  const ProveOptions none_of_the_time{.time_max = std::chrono::milliseconds(0), .mutants = false};
  const auto count = [&](std::vector<std::string> words) { return prove(words, none_of_the_time).size(); };
  EXPECT_EQ(count({}), registered_proofs().size());
  EXPECT_GE(count({"libos"}), 10u);
  EXPECT_EQ(count({"every_byte_of_an_accepted_user_range_is_below_the_limit"}), 1u);
  EXPECT_EQ(count({"every_byte"}), 0u);
  EXPECT_TRUE(is_known("libos"));
  EXPECT_FALSE(is_known("every_byte"));
}

TEST(Prove, ARegisteredClaimCanBeRunAtGivenInputs) {
  const char* claim = "user_range_accepts_exactly_what_lies_under_the_limit";
  EXPECT_TRUE(holds_at(claim, {{"base", 0x1000}, {"size", UINT64_MAX}, {"limit", 0x7fff'ffff'f000}}));
  EXPECT_THROW(holds_at("no_such_claim", {}), std::invalid_argument);
}

class ProveFiles : public testing::Test {
 protected:
  ProveFiles() { std::filesystem::remove_all(folder_); }
  ~ProveFiles() override { std::filesystem::remove_all(folder_); }
  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ProveFiles, EachProofHasAFolderOfQueriesWithWhichCvc5Agrees) {
  const ProofResult result = prove(standing, {.second_solver = true, .smt2_folder = folder_});
  EXPECT_TRUE(result.stands()) << result.reason;
  EXPECT_TRUE(std::filesystem::exists(folder_ / standing.name / "0000.smt2"));
}

TEST_F(ProveFiles, KnownAnswersChangeNoVerdict) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(prove(standing, {.cache_folder = folder_}).stands());
    EXPECT_EQ(prove(wrong, {.mutants = false, .cache_folder = folder_}).verdict, Verdict::refuted);
  }
}

}  // namespace
}  // namespace cupel::proofs
