#pragma once
#include "bench/fuzz_rows.hh"

namespace cupel::bench {

// What a system call costs: natively, from a patched site into libos, and from one that traps. Medians of runs that take turns.
Report bench_syscall(const std::string& runner, const std::string& guest);

}  // namespace cupel::bench
