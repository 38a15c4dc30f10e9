#include "props/properties/arbitrary_program.hh"

#include <cstdlib>

#include "fuzz/program/generate.hh"
#include "fuzz/program/mutate.hh"
#include "fuzz/program/sample_interface.hh"
#include "fuzz/program/simpler.hh"
#include "fuzz/program/text.hh"
#include "shims/linux/shim.hh"

namespace cupel::fuzz {
namespace {

// The same cases in every run, unless somebody asks for others.
[[maybe_unused]] const int fixed_seed = setenv("RC_PARAMS", "seed=20240611 max_success=300", 0);

std::vector<ArbitraryProgram> smaller(const ArbitraryProgram& value) {
  std::vector<ArbitraryProgram> all;
  for (Program& program : simpler(*value.grammar, value.program)) all.push_back({value.grammar, std::move(program)});
  return all;
}

}  // namespace

std::span<const Grammar* const> grammars() {
  static const Grammar sample(sample_interface()), linux_table(linux_shim::description());
  static const std::array<const Grammar*, 2> all{&sample, &linux_table};
  return all;
}

void showValue(const ArbitraryProgram& value, std::ostream& out) { out << print(*value.grammar, value.program); }

}  // namespace cupel::fuzz

rc::Gen<cupel::fuzz::ArbitraryProgram> rc::Arbitrary<cupel::fuzz::ArbitraryProgram>::arbitrary() {
  using namespace cupel::fuzz;
  return [](const rc::Random& source, int) {
    rc::Random bits = source;
    cupel::fuzz::Random random(bits.next());
    const Grammar& grammar = *random.pick(grammars());
    Mutator mutator(grammar);
    ArbitraryProgram value{&grammar, {}};
    mutator.generator().generate(random, value.program);
    for (uint32_t left = random.below(4); left > 0; --left) mutator.mutate(random, value.program);
    return rc::shrinkable::shrinkRecur(std::move(value), [](const ArbitraryProgram& larger) { return rc::seq::fromContainer(smaller(larger)); });
  };
}
