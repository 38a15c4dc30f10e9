#include "fuzz/program/simpler.hh"

#include <gtest/gtest.h>

#include <algorithm>

#include "fuzz/program/generate.hh"
#include "fuzz/program/normal_form.hh"
#include "fuzz/program/sample_interface.hh"

namespace cupel::fuzz {
namespace {

class Simpler : public testing::Test {
 protected:
  Program generated(uint64_t seed, size_t steps) {
    Random random(seed);
    Program program;
    Generator(grammar).generate(random, steps, program);
    return program;
  }
  template <class Keep>
  Program minimised(Program program, Keep keep) {
    for (bool smaller = true; smaller;) {
      smaller = false;
      for (Program& candidate : simpler(grammar, program)) {
        if (!keep(candidate)) continue;
        program = std::move(candidate);
        smaller = true;
        break;
      }
    }
    return program;
  }

  Grammar grammar{sample_interface()};
};

TEST_F(Simpler, EveryCandidateIsNormalAndStrictlySimpler) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const Program program = generated(seed, 8);
    std::vector<std::byte> spare;
    for (const Program& candidate : simpler(grammar, program)) {
      ASSERT_LT(complexity(grammar, candidate), complexity(grammar, program));
      Program again = candidate;
      normalise(grammar, again, spare);
      ASSERT_EQ(again, candidate);
    }
  }
}

TEST_F(Simpler, OnlyTheEmptyProgramHasNothingSimpler) {
  EXPECT_TRUE(simpler(grammar, Program{}).empty());
  for (uint64_t seed = 0; seed < 40; ++seed) EXPECT_FALSE(simpler(grammar, generated(seed, 1)).empty());
}

TEST_F(Simpler, ACallIsLeftAloneWithNoArgumentsWorthMentioning) {
  const uint16_t wanted = *grammar.find("write");
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Program program = generated(seed, 20);
    program.steps[seed].call = wanted;
    std::vector<std::byte> spare;
    normalise(grammar, program, spare);
    program = minimised(program, [&](const Program& p) { return std::ranges::find(p.steps, wanted, &Step::call) != p.steps.end(); });
    Program expected;
    expected.steps.push_back({.call = wanted});
    EXPECT_EQ(program, expected) << seed;
  }
}

TEST_F(Simpler, AProducerStaysWhileItsResultIsUsed) {
  const uint16_t pipe = *grammar.find("pipe");
  const auto uses_a_pipe = [&](const Program& p) {
    return std::ranges::any_of(p.steps, [&](const Step& step) {
      return std::ranges::any_of(step.args, [&](const Arg& arg) { return arg.form == Form::result && p.steps[arg.ref.step].call == pipe && arg.ref.slot == 2; });
    });
  };
  int tried = 0;
  for (uint64_t seed = 0; seed < 200 && tried < 5; ++seed) {
    const Program program = generated(seed, 16);
    if (!uses_a_pipe(program)) continue;
    ++tried;
    EXPECT_EQ(minimised(program, uses_a_pipe).steps.size(), 2u);
  }
  EXPECT_EQ(tried, 5);
}

}  // namespace
}  // namespace cupel::fuzz
