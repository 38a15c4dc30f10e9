#include <map>
#include <set>

#include "fuzz/program/generate.hh"
#include "fuzz/program/normal_form.hh"
#include "props/properties/arbitrary_program.hh"

// What the generator reaches, over so many seeds that each is found hundreds of times in expectation: not a matter of luck.
namespace cupel::fuzz {
namespace {

using interface::Kind;
using interface::Resource;

constexpr uint64_t seeds = 4000;

class ProgramGenerator : public testing::TestWithParam<size_t> {
 protected:
  template <class Each>
  void for_each_program(Each each) {
    Generator generator(grammar);
    Program program;
    for (uint64_t seed = 0; seed < seeds; ++seed) {
      Random random(seed);
      generator.generate(random, program);
      each(program);
    }
  }
  template <class Each>
  void for_each_argument(Each each) {
    for_each_program([&](const Program& program) {
      for (const Step& step : program.steps) {
        const auto args = grammar.call(step.call).args();
        for (size_t at = 0; at < args.size(); ++at) each(args[at], step.args[at], program);
      }
    });
  }
  const Grammar& grammar = *grammars()[GetParam()];
};

TEST_P(ProgramGenerator, MakesEveryCall) {
  std::set<uint16_t> calls;
  for_each_program([&](const Program& program) {
    for (const Step& step : program.steps) calls.insert(step.call);
  });
  EXPECT_EQ(calls.size(), grammar.call_count());
}

TEST_P(ProgramGenerator, PutsEveryKindOfArgumentInEveryPlaceItMayHave) {
  std::set<Kind> kinds;
  std::set<std::pair<Shape, Place>> seen, possible;
  for (const auto& call : grammar.interface().calls) {
    for (const auto& arg : call.args()) {
      kinds.insert(arg.kind);
      if (shape_of(arg.kind) == Shape::scalar) continue;
      for (auto place = 0u; place <= static_cast<unsigned>(Place::beyond); ++place) possible.insert({shape_of(arg.kind), Place(place)});
    }
  }
  for_each_argument([&](const interface::ArgDesc& desc, const Arg& arg, const Program&) {
    kinds.erase(desc.kind);
    if (shape_of(desc.kind) != Shape::scalar) seen.insert({shape_of(desc.kind), arg.place});
  });
  EXPECT_TRUE(kinds.empty());
  EXPECT_EQ(seen, possible);
}

TEST_P(ProgramGenerator, GivesMostConsumersWhatAnEarlierStepMade) {
  size_t consumers = 0, supplied = 0;
  for_each_argument([&](const interface::ArgDesc& desc, const Arg& arg, const Program& program) {
    if (desc.kind != Kind::fd) return;
    ++consumers;
    if (arg.form != Form::result) return;
    const Resource given = grammar.results(program.steps[arg.ref.step].call).resources[arg.ref.slot];
    supplied += (fitting(wanted(desc.kind, desc.resource)) & set_of(given)) != 0 ? 1 : 0;
  });
  EXPECT_GT(supplied * 100, consumers * 70);
  EXPECT_LT(supplied * 100, consumers * 97) << "wrong ones are to be tried as well";
}

TEST_P(ProgramGenerator, SetsEveryNamedFlagAndSomeThatHaveNoName) {
  std::map<std::string_view, uint64_t> missing;
  bool unnamed = false;
  for (const auto& call : grammar.interface().calls) {
    for (const auto& arg : call.args()) {
      for (const auto& value : arg.values) missing[value.name] = value.value;
    }
  }
  for_each_argument([&](const interface::ArgDesc& desc, const Arg& arg, const Program&) {
    if (desc.values.empty() || arg.form != Form::literal) return;
    uint64_t all = 0;
    for (const auto& value : desc.values) {
      const bool set = desc.kind == Kind::flags ? (arg.value & value.value) == value.value : arg.value == value.value;
      if (set) missing.erase(value.name);
      all |= value.value;
    }
    unnamed = unnamed || (desc.kind == Kind::flags && (arg.value & ~all) != 0);
  });
  EXPECT_TRUE(missing.empty()) << missing.begin()->first;
  EXPECT_TRUE(unnamed);
}

TEST_P(ProgramGenerator, VariesTasksSchedulesPoliciesFaultsAndTampering) {
  std::set<Policy> policies;
  std::set<Scheduling> schedulings;
  std::set<FaultKind> faults;
  std::set<uint8_t> tasks;
  size_t tampered = 0, quiet = 0;
  for_each_program([&](const Program& program) {
    policies.insert(program.policy), schedulings.insert(program.scheduling);
    for (const Fault& fault : program.faults) faults.insert(fault.kind);
    for (const Step& step : program.steps) tasks.insert(step.task);
    tampered += program.tampers.size();
    quiet += program.faults.empty() && program.tampers.empty() && program.policy == Policy::allow_all ? 1 : 0;
  });
  EXPECT_EQ(policies.size(), 3u);
  EXPECT_EQ(schedulings.size(), 3u);
  EXPECT_EQ(faults.size(), 3u);
  EXPECT_GT(tasks.size(), 2u);
  EXPECT_GT(tampered, 0u);
  EXPECT_GT(quiet * 100, seeds * 70) << "most programs are to run undisturbed";
}

INSTANTIATE_TEST_SUITE_P(OfEachInterface, ProgramGenerator, testing::Range<size_t>(0, 2));

}  // namespace
}  // namespace cupel::fuzz
