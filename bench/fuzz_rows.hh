#pragma once
#include "bench/race.hh"

namespace cupel::bench {

// The rows of `cupel bench fuzz` that this build can measure: see docs/benchmarks.md for what each of them means.
// With patterns (of the shell's kind): those whose name one of them matches, and their baselines.
Report bench_fuzz(double seconds, const std::vector<std::string>& patterns);

// Those of a build with sanitizers: what a campaign's workers do. Names end in "+asan".
Report bench_sanitized(double seconds);

// Whether a row of that name is asked for; without patterns each is.
bool wanted(const std::string& name, const std::vector<std::string>& patterns);

}  // namespace cupel::bench
