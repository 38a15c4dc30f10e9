#pragma once
#include "bench/race.hh"

namespace cupel::bench {

// The rows of `cupel bench fuzz` that this build can measure: see docs/benchmarks.md for what each of them means.
Report bench_fuzz(double seconds);

// Those of a build with sanitizers: what a campaign's workers do. Names end in "+asan".
Report bench_sanitized(double seconds);

}  // namespace cupel::bench
