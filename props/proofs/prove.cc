#include "props/proofs/prove.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <stdexcept>

#include "props/lift/unsat_cache.hh"

namespace cupel::proofs {
namespace {

// "the_sum_wraps" -> "TheSumWraps": a test's name has no underscores.
std::string camel_case(std::string_view words) {
  std::string text;
  bool starts = true;
  for (const char c : words) {
    if (c != '_') text += starts ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    starts = c == '_';
  }
  return text;
}

std::string as_test(const Proof& proof, const lift::Outcome& outcome) {
  std::string inputs;
  for (const auto& [name, value] : outcome.counterexample) {
    inputs += fmt::format("{}{{\"{}\", {:#x}}}", inputs.empty() ? "" : ", ", name, value);
  }
  return fmt::format(
      "// {}\n"
      "TEST(Counterexample, {}) {{\n"
      "  EXPECT_TRUE(cupel::proofs::holds_at(\"{}\", {{{}}}));\n"
      "}}\n",
      outcome.reason, camel_case(proof.name), proof.name, inputs);
}

std::optional<lift::UnsatCache> open_cache(const ProveOptions& options) {
  std::optional<lift::UnsatCache> cache;
  if (!options.cache_folder.empty()) cache.emplace(options.cache_folder);
  return cache;
}

ProofResult run(const Proof& proof, const ProveOptions& options, lift::UnsatCache* cache) {
  lift::Options limits{
      .paths_max = options.paths_max, .time_max = options.time_max, .seed = options.seed, .cache = cache};
  lift::Options claim_options = limits;
  claim_options.second_solver = options.second_solver;
  if (!options.smt2_folder.empty()) claim_options.smt2_folder = options.smt2_folder / proof.name;
  const lift::Outcome outcome = lift::explore(proof.claim, claim_options);
  ProofResult result{.name = proof.name,
                     .group = proof.group,
                     .verdict = outcome.verdict,
                     .reason = outcome.reason,
                     .paths = outcome.paths,
                     .queries = outcome.queries,
                     .seconds = outcome.seconds,
                     .counterexample = outcome.verdict == Verdict::refuted ? as_test(proof, outcome) : "",
                     .mutants = {}};
  if (!options.mutants) return result;
  for (const Mutant& mutant : proof.mutants) {
    const lift::Outcome caught = lift::explore(mutant.claim, limits);
    result.mutants.push_back({mutant.name, caught.verdict, caught.seconds});
  }
  return result;
}

}  // namespace

bool ProofResult::stands() const {
  const auto caught = [](const MutantResult& mutant) { return mutant.verdict == Verdict::refuted; };
  return verdict == Verdict::holds && !mutants.empty() && std::ranges::all_of(mutants, caught);
}

ProofResult prove(const Proof& proof, const ProveOptions& options) {
  auto cache = open_cache(options);
  return run(proof, options, cache ? &*cache : nullptr);
}

std::vector<ProofResult> prove(std::span<const std::string> groups, const ProveOptions& options) {
  auto cache = open_cache(options);
  std::vector<ProofResult> results;
  for (const Proof& proof : registered_proofs()) {
    const auto chooses = [&](const std::string& word) { return word == proof.group || word == proof.name; };
    if (!groups.empty() && std::ranges::none_of(groups, chooses)) continue;
    results.push_back(run(proof, options, cache ? &*cache : nullptr));
    if (options.on_result) options.on_result(results.back());
  }
  return results;
}

bool is_known(std::string_view group) {
  return std::ranges::any_of(registered_proofs(),
                             [&](const Proof& proof) { return proof.group == group || proof.name == group; });
}

bool holds_at(std::string_view proof, const Valuation& inputs) {
  const Proof* found = find_proof(proof);
  if (found == nullptr) throw std::invalid_argument(fmt::format("no proof is named {}", proof));
  return lift::holds_at(found->claim, inputs);
}

}  // namespace cupel::proofs
