#include <gtest/gtest.h>

#include "props/proofs/proof.hh"
#include "props/proofs/prove.hh"

namespace cupel::proofs {
namespace {

// One test for each registered proof.
class EveryProof : public testing::TestWithParam<std::string> {};

TEST_P(EveryProof, HoldsAndEachOfItsMutantsIsRefuted) {
  const std::vector<std::string> name{GetParam()};
  const auto results = prove(name);
  ASSERT_EQ(results.size(), 1u);
  const ProofResult& result = results.front();
  EXPECT_EQ(result.verdict, Verdict::holds) << result.reason << '\n' << result.counterexample;
  EXPECT_FALSE(result.mutants.empty());
  for (const MutantResult& mutant : result.mutants) EXPECT_EQ(mutant.verdict, Verdict::refuted) << mutant.name;
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const Proof& proof : registered_proofs()) all.push_back(proof.name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Shipped, EveryProof, testing::ValuesIn(names()), [](const auto& name) { return name.param; });

}  // namespace
}  // namespace cupel::proofs
