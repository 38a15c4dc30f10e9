#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "props/lift/word.hh"

// Runs a claim once along each feasible path and decides it on each. The claim must be a pure function of its inputs:
// it is run again from the start for every path.
namespace cupel::lift {

using Claim = std::function<Bool()>;

enum class Verdict : uint8_t {
  holds,    // for every input, on every path, and at least one path exists
  refuted,  // by the counterexample, which was replayed and found false
  unknown,  // a budget ran out, or a solver could not tell: a failure, like refuted
};
std::string_view verdict_name(Verdict verdict);

// An input of the claim and its value.
struct Value {
  std::string name;
  uint64_t value;
};
using Valuation = std::vector<Value>;

class UnsatCache;

struct Options {
  size_t paths_max = 4096;
  std::chrono::milliseconds time_max{60'000};
  uint32_t seed = 0;                    // of the SAT solver: a stable proof holds under any
  UnsatCache* cache = nullptr;          // answers known from earlier runs
  std::filesystem::path smt2_folder{};  // where each query answered `unsat` is written as SMT-LIB 2; empty: nowhere
  bool second_solver = false;           // cvc5 has to agree with each `unsat`
};

struct Outcome {
  Verdict verdict = Verdict::unknown;
  std::string reason;  // why it does not hold; empty where it does
  size_t paths = 0;    // feasible paths run to their end
  size_t queries = 0;  // questions put to the solver
  double seconds = 0;
  Valuation counterexample;  // where refuted; may be empty, if the claim fails whatever its inputs
};

Outcome explore(const Claim& claim, const Options& options = {});

// Whether the claim is true at these inputs, computed without a solver; an input that is not listed is 0. A valuation
// which breaks the claim's assumptions proves nothing against it: true.
bool holds_at(const Claim& claim, const Valuation& inputs);

}  // namespace cupel::lift
