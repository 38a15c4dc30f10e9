// cupel_bench_sanitized SECONDS: the rows of a build with sanitizers, as a JSON array. `cupel bench fuzz` runs it.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/fuzz_rows.hh"

int main(int count, char** arguments) {
  const double seconds = count == 2 ? std::strtod(arguments[1], nullptr) : 0;
  if (!(seconds > 0)) {
    std::fprintf(stderr, "usage: cupel_bench_sanitized SECONDS\n");
    return 2;
  }
  const auto report = cupel::bench::bench_sanitized(seconds);
  for (const auto& line : report.missing) std::cerr << "cupel_bench_sanitized: " << line << '\n';
  std::cout << nlohmann::json(report.rows) << '\n';
  return report.missing.empty() ? 0 : 2;
}
