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
  bool json = false;
};

int run(const Options& options) {
  for (const std::string& group : options.groups) {
    if (!proofs::is_known(group)) return complain("there is no proof and no group of proofs named " + group);
  }
  const auto results = proofs::prove(options.groups, options.prove);
  size_t good = 0;
  double seconds = 0;
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& proof : results) {
    good += proof.stands() ? 1 : 0;
    seconds += proof.seconds;
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
  return good == results.size() ? exit_fine : exit_findings;
}

}  // namespace

void add_prove(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("prove", "Prove the claims about shipped functions, and refute their mutants");
  command->add_option("GROUP", options->groups, "which groups (default: all)");
  command->add_flag("--cvc5", options->prove.second_solver, "ask cvc5 about each query as well, through SMT-LIB");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
