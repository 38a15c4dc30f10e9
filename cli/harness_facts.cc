#include "cli/harness_facts.hh"

#include "fuzz/host/translate.hh"
#include "fuzz/program/generate.hh"
#include "props/model/model.hh"

namespace cupel::cli {

std::map<uint16_t, HarnessFacts> harness_facts(const interface::InterfaceDesc& interface) {
  std::map<uint16_t, HarnessFacts> facts;
  for (const interface::CallDesc& call : interface.calls) facts[call.number].differential = host::compared(call);
  const props::Model model{props::Bounds{}};
  for (const props::RuleInfo& rule : model.rules()) {
    if (const auto found = facts.find(rule.call); found != facts.end()) found->second.model = rule.name;
  }
  const fuzz::Grammar grammar(interface);
  fuzz::Generator generator(grammar);
  fuzz::Program program;
  for (uint32_t seed = 0; seed < generated_programs; ++seed) {
    fuzz::Random random(seed);
    generator.generate(random, program);
    for (const fuzz::Step& step : program.steps) ++facts[interface.calls[step.call].number].generated;
  }
  return facts;
}

}  // namespace cupel::cli
