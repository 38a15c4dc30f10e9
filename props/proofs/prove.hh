#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "props/lift/explore.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {

using lift::Valuation;
using lift::Verdict;

struct MutantResult {
  std::string name;
  Verdict verdict;  // anything but refuted means that the claim has no teeth
  double seconds;
};

struct ProofResult {
  std::string name;
  std::string group;
  Verdict verdict;
  std::string reason;  // why it does not hold; empty where it does
  size_t paths;
  size_t queries;
  double seconds;              // of the claim alone, without its mutants
  std::string counterexample;  // where refuted: a C++ test which fails until the claim holds
  std::vector<MutantResult> mutants;

  // Holds, and each of its mutants was run and is refuted.
  bool stands() const;
};

struct ProveOptions {
  std::chrono::milliseconds time_max{60'000};  // for each claim and each mutant
  size_t paths_max = 4096;
  uint32_t seed = 0;                     // of the solver: a stable proof holds under any
  bool mutants = true;                   // false: the claims alone
  bool second_solver = false;            // cvc5 has to agree with each `unsat` (the `cvc5` program must be installed)
  std::filesystem::path cache_folder{};  // known answers are kept there; empty: none are
  std::filesystem::path smt2_folder{};   // a folder for each proof with its queries as SMT-LIB 2; empty: none
  std::function<void(const ProofResult&)> on_result{};  // called as each is done
};

// Runs the proofs of these groups, or with these names; all where `groups` is empty. A word which is neither group nor
// name chooses nothing: see is_known().
std::vector<ProofResult> prove(std::span<const std::string> groups, const ProveOptions& options = {});

// Runs one proof, registered or not.
ProofResult prove(const Proof& proof, const ProveOptions& options = {});

// Whether a proof has this group or name.
bool is_known(std::string_view group);

// Runs a registered claim at given inputs, without a solver: what a printed counterexample calls. Throws
// std::invalid_argument where there is no such proof.
bool holds_at(std::string_view proof, const Valuation& inputs);

}  // namespace cupel::proofs
