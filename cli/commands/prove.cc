#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hh"
#include "props/proofs/prove.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::vector<std::string> groups;
  proofs::ProveOptions prove;
  std::string second_solver;
  bool json = false;
};

int run(const Options& options) {
  for (const std::string& group : options.groups) {
    if (!proofs::is_known(group)) return complain("there is no proof and no group of proofs named " + group);
  }
  const auto results = proofs::prove(options.groups, options.prove);
  size_t good = 0, asked = 0;
  double seconds = 0;
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& proof : results) {
    good += proof.stands() ? 1 : 0;
    seconds += proof.seconds;
    asked += proof.verdict == proofs::Verdict::holds ? proof.queries : 0;
    nlohmann::json mutants = nlohmann::json::array();
    for (const auto& mutant : proof.mutants) mutants.push_back({{"name", mutant.name}, {"verdict", verdict_name(mutant.verdict)}});
    rows.push_back({{"name", proof.name}, {"group", proof.group}, {"verdict", verdict_name(proof.verdict)}, {"paths", proof.paths}, {"seconds", proof.seconds}, {"mutants", mutants}});
    if (options.json) continue;
    std::cout << fmt::format("{:8} {:64} {:5} paths {:7.2f} s\n", verdict_name(proof.verdict), proof.group + ": " + proof.name, proof.paths, proof.seconds);
    for (const auto& mutant : proof.mutants) std::cout << fmt::format("         {} mutant {}\n", verdict_name(mutant.verdict), mutant.name);
    if (!proof.counterexample.empty()) std::cout << proof.counterexample << '\n';
  }
  if (options.json) print_json({{"proofs", rows}});
  else std::cout << fmt::format("{} of {} hold, each mutant refuted; {:.1f} s\n", good, results.size(), seconds);
  if (!options.json && options.prove.second_solver) std::cout << fmt::format("cvc5 agrees with each unsat among the {} queries of those that hold\n", asked);
  return good == results.size() ? exit_fine : exit_findings;
}

}  // namespace

void add_prove(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("prove", "Prove the claims about shipped functions, and refute their mutants");
  command->add_option("GROUP", options->groups, "which groups (default: all)");
  command->add_option("--second-solver", options->second_solver, "ask it about each query as well, through SMT-LIB: cvc5")->check(CLI::IsMember({"cvc5"}));
  command->add_flag("--cvc5", options->prove.second_solver, "the same as --second-solver cvc5");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->callback([options, &exit_code] {
    options->prove.second_solver = options->prove.second_solver || !options->second_solver.empty();
    exit_code = run(*options);
  });
}

}  // namespace cupel::cli
