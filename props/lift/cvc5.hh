#pragma once
#include <chrono>
#include <string>

namespace cupel::lift {

// The first line that the `cvc5` program answers to an SMT-LIB script: "sat", "unsat", "unknown", or what went wrong.
std::string ask_cvc5(const std::string& smt2, std::chrono::milliseconds time_max);

}  // namespace cupel::lift
