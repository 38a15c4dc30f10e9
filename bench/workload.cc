#include "bench/workload.hh"

#include <algorithm>

#include "bench/race.hh"
#include "fuzz/program/codec.hh"
#include "fuzz/program/generate.hh"

namespace cupel::bench {

std::vector<fuzz::Program> generated(const fuzz::Grammar& grammar, size_t calls) {
  fuzz::Generator generator(grammar);
  std::vector<fuzz::Program> programs(programs_count);
  for (size_t seed = 0; seed < programs.size(); ++seed) {
    fuzz::Random random(seed);
    generator.generate(random, calls, programs[seed]);
  }
  return programs;
}

std::vector<fuzz::Bytes> encoded(const fuzz::Grammar& grammar, const std::vector<fuzz::Program>& programs) {
  std::vector<fuzz::Bytes> all(programs.size());
  for (size_t index = 0; index < programs.size(); ++index) fuzz::encode(grammar, programs[index], all[index]);
  return all;
}

std::unique_ptr<fuzz::Target> linux_program(std::span<const std::string_view> oracles) {
  auto target = std::make_unique<fuzz::LinuxTarget>("linux_program", fuzz::LinuxTarget::Kind::program);
  for (const std::string_view oracle : target->oracles()) {
    if (!oracles.empty() && std::ranges::find(oracles, oracle) == oracles.end()) target->disable_oracle(oracle);
  }
  return target;
}

double Runner::operator()(double seconds) {
  constexpr size_t few = 64;
  return rate(seconds, [&] {
    for (size_t count = 0; count < few; ++count) target_->run(inputs_[next_++ % inputs_.size()]);
    return few;
  });
}

}  // namespace cupel::bench
