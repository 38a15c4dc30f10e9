#include "fuzz/program/mutate.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "fuzz/program/codec.hh"
#include "fuzz/program/normal_form.hh"
#include "fuzz/program/sample_interface.hh"

namespace cupel::fuzz {
namespace {

class Mutation : public testing::Test {
 protected:
  void expect_normal(const Program& program) {
    Program again = program;
    normalise(grammar, again, spare);
    ASSERT_EQ(again, program);
    std::vector<uint8_t> bytes;
    encode(grammar, program, bytes);
    decode(grammar, bytes, again);
    ASSERT_EQ(again, program);
  }

  Grammar grammar{sample_interface()};
  Mutator mutator{grammar};
  std::vector<std::byte> spare;
};

TEST_F(Mutation, LeavesNormalProgramsHoweverOftenItIsDone) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    Program program;
    for (int round = 0; round < 200; ++round) {
      mutator.mutate(random, program);
      ASSERT_LE(program.steps.size(), steps_max);
      expect_normal(program);
    }
  }
}

TEST_F(Mutation, TheSameSeedGivesTheSameProgram) {
  Program first, second;
  for (Program* program : {&first, &second}) {
    Random random(99);
    mutator.generator().generate(random, *program);
    for (int round = 0; round < 20; ++round) mutator.mutate(random, *program);
  }
  EXPECT_EQ(first, second);
}

TEST_F(Mutation, MostlyMakesSomethingElse) {
  int same = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    Program program;
    mutator.generator().generate(random, 10, program);
    const Program before = program;
    mutator.mutate(random, program);
    same += before == program ? 1 : 0;
  }
  EXPECT_LT(same, 120);
}

TEST_F(Mutation, AnExcerptIsShortAndItsCallsKeepWhatTheyUse) {
  size_t references = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    Program program;
    mutator.generator().generate(random, 60, program);
    const Program whole = program;
    mutator.excerpt(random, 8, program);
    expect_normal(program);
    ASSERT_LT(program.steps.size(), whole.steps.size());
    size_t kept = 0;
    for (const Step& step : whole.steps) {
      if (kept == program.steps.size() || program.steps[kept].call != step.call) continue;
      for (size_t arg = 0; arg < step.args.size(); ++arg) {
        if (step.args[arg].form != Form::result || program.steps[kept].args[arg].form != Form::result) continue;
        const ResultRef was = step.args[arg].ref, is = program.steps[kept].args[arg].ref;
        references += whole.steps[was.step].call == program.steps[is.step].call ? 1 : 0;
      }
      ++kept;
    }
  }
  EXPECT_GT(references, 200u);
  Random random(1);
  Program few;
  mutator.generator().generate(random, 5, few);
  const Program before = few;
  mutator.excerpt(random, 8, few);
  EXPECT_EQ(few, before);
}

TEST_F(Mutation, AChildOfTwoHasCallsOfBothAndIsNormal) {
  int mixed = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    Program first, second, child;
    mutator.generator().generate(random, 12, first);
    mutator.generator().generate(random, 12, second);
    for (Step& step : first.steps) step.task = 1;
    for (Step& step : second.steps) step.task = 2;
    mutator.cross(random, first, second, child);
    expect_normal(child);
    std::set<uint8_t> parents;
    for (const Step& step : child.steps) parents.insert(step.task);
    mixed += parents.size() == 2 ? 1 : 0;
  }
  EXPECT_GT(mixed, 200);
}

TEST_F(Mutation, ErasingAStepMovesWhatRefersToLaterOnes) {
  Program program;
  const uint16_t pipe = *grammar.find("pipe"), close = *grammar.find("close");
  for (const uint16_t call : {pipe, pipe, close, close}) program.steps.push_back({.call = call});
  program.steps[2].args[0] = {.form = Form::result, .ref = {1, 2}};
  program.steps[3].args[0] = {.form = Form::result, .ref = {0, 1}};
  program.faults.push_back({.step = 3});
  Program rewired = program;
  erase_steps(grammar, program, 0, 1, Dangling::minus_one);
  EXPECT_EQ(program.steps[1].args[0].ref, (ResultRef{0, 2}));
  EXPECT_EQ(program.steps[2].args[0].value, ~uint64_t{0});
  EXPECT_EQ(program.faults[0].step, 2);
  erase_steps(grammar, rewired, 0, 1, Dangling::rewire);
  EXPECT_EQ(rewired.steps[2].args[0].form, Form::result);
  EXPECT_EQ(rewired.steps[2].args[0].ref.step, 0);
}

TEST_F(Mutation, CodesInStructsMoveAsReferencesDo) {
  Program program;
  program.steps.push_back({.call = *grammar.find("nothing")});
  program.steps.push_back({.call = *grammar.find("dup")});
  program.steps.push_back({.call = *grammar.find("poll")});
  const int32_t code = ref_code({1, 0});
  program.blob.resize(8);
  std::memcpy(program.blob.data(), &code, sizeof(code));
  program.steps[2].args[0] = {.value = 1, .blob_size = 8};
  erase_steps(grammar, program, 0, 1, Dangling::minus_one);
  int32_t moved = 0;
  std::memcpy(&moved, program.blob.data(), sizeof(moved));
  EXPECT_EQ(moved, ref_code({0, 0}));
}

}  // namespace
}  // namespace cupel::fuzz
