#include <algorithm>
#include <set>

#include "fuzz/program/mutate.hh"
#include "fuzz/program/normal_form.hh"
#include "fuzz/program/simpler.hh"
#include "props/properties/arbitrary_program.hh"

namespace cupel::fuzz {
namespace {

bool is_normal(const Grammar& grammar, Program program) {
  const Program before = program;
  std::vector<std::byte> spare;
  normalise(grammar, program, spare);
  return program == before && program.steps.size() <= steps_max;
}

RC_GTEST_PROP(ProgramChange, MutationKeepsProgramsNormal, (const ArbitraryProgram& arbitrary, uint64_t seed)) {
  Mutator mutator(*arbitrary.grammar);
  Random random(seed);
  Program program = arbitrary.program;
  for (int round = 0; round < 20; ++round) {
    mutator.mutate(random, program);
    RC_ASSERT(is_normal(*arbitrary.grammar, program));
  }
}

RC_GTEST_PROP(ProgramChange, ACrossOfTwoProgramsIsNormal, (const ArbitraryProgram& arbitrary, uint64_t seed)) {
  Mutator mutator(*arbitrary.grammar);
  Random random(seed);
  Program other, child;
  mutator.generator().generate(random, other);
  mutator.cross(random, arbitrary.program, other, child);
  RC_ASSERT(is_normal(*arbitrary.grammar, child));
  RC_ASSERT(child.steps.size() <= arbitrary.program.steps.size() + other.steps.size());
}

RC_GTEST_PROP(ProgramChange, EverySimplerProgramIsNormalAndStrictlySimpler, (const ArbitraryProgram& arbitrary)) {
  const Grammar& grammar = *arbitrary.grammar;
  const Complexity limit = complexity(grammar, arbitrary.program);
  for (const Program& program : simpler(grammar, arbitrary.program)) {
    RC_ASSERT(complexity(grammar, program) < limit);
    RC_ASSERT(is_normal(grammar, program));
  }
}

RC_GTEST_PROP(ProgramChange, EachStepCanBeDroppedByItself, (const ArbitraryProgram& arbitrary)) {
  const size_t steps = arbitrary.program.steps.size();
  if (steps == 0) return;
  size_t dropping_one = 0;
  for (const Program& program : simpler(*arbitrary.grammar, arbitrary.program)) dropping_one += program.steps.size() + 1 == steps ? 1 : 0;
  RC_ASSERT(dropping_one >= steps);
}

RC_GTEST_PROP(ProgramChange, ReferencesNameResultsThatEarlierStepsGive, (const ArbitraryProgram& arbitrary)) {
  for (size_t index = 0; index < arbitrary.program.steps.size(); ++index) {
    for (const Arg& arg : arbitrary.program.steps[index].args) {
      if (arg.form != Form::result && arg.place != Place::mapping) continue;
      RC_ASSERT(arg.ref.step < index);
      RC_ASSERT(arg.ref.slot < arbitrary.grammar->results(arbitrary.program.steps[arg.ref.step].call).count);
    }
  }
}

}  // namespace
}  // namespace cupel::fuzz
