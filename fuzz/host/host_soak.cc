// Generated programs three ways: `host_soak [PROGRAMS [SEED [EVERY]]]`; the model judges the kernel alone on one program in EVERY. Findings go to stderr, the counts to stdout as JSON.
// Exits 0 where nothing was found, 1 where something was, 2 where this machine cannot.
#include <cstdio>
#include <cstdlib>

#include "fuzz/host/soak.hh"

int main(int count, char** arguments) {
  cupel::host::SoakOptions options;
  if (count > 1) options.programs = std::strtoull(arguments[1], nullptr, 10);
  if (count > 2) options.seed = std::strtoull(arguments[2], nullptr, 10);
  if (count > 3) options.judge_kernel_every = std::strtoull(arguments[3], nullptr, 10);
  const auto tally = cupel::host::soak(options, [](const cupel::host::SoakFinding& found) {
    std::fprintf(stderr, "seed %llu, oracle %s\n  call: %s\n  expected: %s\n  got: %s\n%s\n", static_cast<unsigned long long>(found.seed),
                 found.finding.oracle.c_str(), found.finding.call.c_str(), found.finding.expected.c_str(), found.finding.got.c_str(), found.program.c_str());
  });
  if (!tally) {
    std::fprintf(stderr, "host_soak: %s\n", tally.error().c_str());
    return 2;
  }
  std::printf("%s\n", to_json(*tally).c_str());
  return tally->findings == 0 ? 0 : 1;
}
