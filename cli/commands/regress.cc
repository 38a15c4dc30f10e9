#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/command.hh"
#include "cli/duration.hh"
#include "fuzz/regress/regress.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::vector<std::string> groups;
  bool mutants = false, matrix = false, json = false;
  std::string rediscover, table;
};

nlohmann::json as_json(const fuzz::EntryResult& result) {
  return {{"id", result.entry.id},        {"group", result.entry.group}, {"verdict", fuzz::passes(result) ? "pass" : "fail"},
          {"mutant", result.mutant},      {"trouble", result.trouble},  {"oracle", result.mutant == "caught" ? result.on_mutant.oracle : result.on_current.oracle},
          {"expected_oracle", result.entry.oracle}, {"catchers", result.catchers}, {"seconds", result.seconds},
          {"rediscovered", result.rediscovered}, {"rediscover_seconds", result.rediscover_seconds}, {"engine", "libfuzzer"}};
}

void print_row(const fuzz::EntryResult& result) {
  std::cout << fmt::format("{:4} {:44} mutant {:9} {:16} {:6.2f} s", fuzz::passes(result) ? "pass" : "FAIL", result.entry.id, result.mutant,
                           result.mutant == "caught" ? result.on_mutant.oracle : "", result.seconds);
  if (result.rediscover_seconds > 0) std::cout << fmt::format("  {} {:.1f} s", result.rediscovered ? "rediscovered in" : "not found within", result.rediscover_seconds);
  std::cout << '\n';
  if (result.on_current.verdict != "ok") {
    std::cout << fmt::format("     {} on this build: {}: {}\n       expected {}\n       got      {}\n", result.on_current.verdict, result.on_current.oracle,
                             result.on_current.call, result.on_current.expected, result.on_current.got);
  }
}

// Which mutants each oracle catches, and which survive when it is off: those that it alone catches. Sanitizers cannot be
// switched off.
std::string matrix(const std::vector<fuzz::EntryResult>& results) {
  std::map<std::string, std::set<std::string>> targets_of;  // by oracle
  for (const auto& result : results) {
    for (const std::string_view oracle : fuzz::find_target(result.entry.target)->make()->oracles()) targets_of[std::string(oracle)].insert(result.entry.target);
    for (const std::string& catcher : result.catchers) targets_of[catcher].insert(result.entry.target);
  }
  std::string text = "| oracle | of | catches | survives without it |\n|---|---|---|---|\n";
  for (const auto& [oracle, targets] : targets_of) {
    std::vector<std::string> catches, alone;
    for (const auto& result : results) {
      if (std::ranges::find(result.catchers, oracle) == result.catchers.end()) continue;
      catches.push_back(result.entry.id);
      if (result.catchers.size() == 1) alone.push_back(result.entry.id);
    }
    const auto list = [](const auto& names) { return names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, ", ")); };
    text += fmt::format("| {} | {} | {} | {} |\n", oracle, list(targets), list(catches), list(alone));
  }
  return text;
}

// Puts the table into a file, in place of what is behind the marker there.
std::expected<void, std::string> write_table(const std::string& file, const std::string& table) {
  constexpr std::string_view marker = "<!-- cupel regress --table -->\n";
  std::ifstream in(file);
  std::string text(std::istreambuf_iterator<char>(in), {});
  const auto at = text.find(marker);
  if (!in || at == std::string::npos) return std::unexpected(file + ": cannot be read, or has no line " + std::string(marker.substr(0, marker.size() - 1)));
  std::ofstream out(file);
  out << text.substr(0, at + marker.size()) << table;
  if (!out.flush()) return std::unexpected(file + ": cannot be written");
  return {};
}

int run(const Options& options) {
  auto entries = fuzz::load_entries(root() / "corpus/regressions", options.groups);
  if (!entries) return complain(entries.error());
  if (entries->empty() && !options.groups.empty()) return complain("no regression entry in these groups: " + fmt::format("{}", fmt::join(options.groups, " ")));
  fuzz::MutantOptions mutants{.source = root(), .scratch = root() / ".cupel/mutants", .matrix = options.matrix};
  if (!options.rediscover.empty()) {
    auto time = parse_duration(options.rediscover);
    if (!time) return complain(time.error());
    mutants.rediscover = std::chrono::duration_cast<std::chrono::seconds>(*time);
  }
  std::vector<fuzz::EntryResult> results;
  for (const fuzz::Entry& entry : *entries) {
    auto result = fuzz::replay_entry(entry);
    if (!result) return complain(result.error());
    if (options.mutants || options.matrix || !options.rediscover.empty()) {
      fuzz::judge_mutant(*result, mutants, [](const std::string& line) { std::cerr << "cupel: " << line << '\n'; });
    }
    if (!options.json) print_row(*result);
    results.push_back(std::move(*result));
  }
  const auto passed = static_cast<size_t>(std::ranges::count_if(results, fuzz::passes));
  if (options.json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const auto& result : results) rows.push_back(as_json(result));
    print_json({{"entries", rows}});
  } else {
    std::cout << fmt::format("{} of {} pass", passed, results.size());
    if (options.mutants) std::cout << fmt::format(", {} mutants caught", std::ranges::count(results, "caught", &fuzz::EntryResult::mutant));
    for (const auto& result : results) {
      if (result.mutant == "broken") std::cout << fmt::format(", {} broken", result.entry.id);
    }
    std::cout << '\n';
    if (options.matrix) std::cout << '\n' << matrix(results);
  }
  if (!options.table.empty()) {
    if (auto written = write_table(options.table, matrix(results)); !written) return complain(written.error());
  }
  return passed == results.size() ? exit_fine : exit_findings;
}

}  // namespace

void add_regress(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("regress", "Replay the regression pack; with --mutants, plant each bug again and show it caught");
  command->add_option("GROUP", options->groups, "linux, snp, ... or an entry's id (default: all)");
  command->add_flag("--mutants", options->mutants, "build each entry's mutant and replay its input on it");
  command->add_flag("--matrix", options->matrix, "with the mutants, ask each oracle alone; prints which mutants survive without it");
  command->add_option("--table", options->table, "as --matrix, and put the table into this file, below its marker (docs/oracles.md)");
  command->add_option("--rediscover", options->rediscover, "also fuzz each mutant from nothing for this long (60s, 2m)");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->callback([options, &exit_code] {
    options->matrix = options->matrix || !options->table.empty();
    options->mutants = options->mutants || options->matrix;
    exit_code = run(*options);
  });
}

}  // namespace cupel::cli
