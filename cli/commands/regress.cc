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
  bool mutants = false, matrix = false, json = false, resume = false;
  unsigned jobs = 1;
  std::string rediscover, table, times;
};

bool found(const fuzz::EntryResult& result) { return result.rediscovery && result.rediscovery->found; }

nlohmann::json as_json(const fuzz::EntryResult& result) {
  return {{"id", result.entry.id},        {"group", result.entry.group}, {"verdict", fuzz::passes(result) ? "pass" : "fail"},
          {"mutant", result.mutant},      {"trouble", result.trouble},  {"oracle", result.mutant == "caught" ? result.on_mutant.oracle : result.on_current.oracle},
          {"expected_oracle", result.entry.oracle}, {"catchers", result.catchers}, {"seconds", result.seconds},
          {"rediscovered", found(result)}, {"rediscover_seconds", result.rediscovery ? result.rediscovery->seconds : 0}, {"engine", "libfuzzer"},
          {"rediscover_oracle", found(result) ? result.rediscovery->oracle : ""}, {"rediscover_executions", result.rediscovery ? result.rediscovery->executions : 0}};
}

void print_row(const fuzz::EntryResult& result) {
  std::cout << fmt::format("{:4} {:44} mutant {:9} {:16} {:6.2f} s", fuzz::passes(result) ? "pass" : "FAIL", result.entry.id, result.mutant,
                           result.mutant == "caught" ? result.on_mutant.oracle : "", result.seconds);
  if (result.rediscovery) {
    const auto& again = *result.rediscovery;
    std::cout << fmt::format("  {} {:.1f} s, {} runs{}", again.found ? "rediscovered in" : "not found within", again.seconds, again.executions, again.found ? ", by " + again.oracle : "");
  }
  std::cout << (result.kept ? "  (kept)" : "") << std::endl;  // others wait for the rows of a long run
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

// How long each mutant took to be seen: by its own input, and by a campaign that started from nothing.
std::string times(const std::vector<fuzz::EntryResult>& results) {
  std::string text = "| mutant | target | oracle | by its input | by a campaign | runs | its oracle |\n|---|---|---|---|---|---|---|\n";
  for (const auto& result : results) {
    if (!result.entry.patch) continue;
    text += fmt::format("| {} | {} | {} | {} |", result.entry.id, result.entry.target, result.on_mutant.oracle, result.mutant == "caught" ? fmt::format("{:.2f} s", result.seconds) : "not");
    const auto& again = result.rediscovery;
    if (!again) text += " - | - | - |\n";
    else text += fmt::format(" {}{:.1f} s | {} | {} |\n", again->found ? "" : "not in ", again->seconds, again->executions, again->found ? again->oracle : "-");
  }
  return text;
}

// Puts a table into a file, in place of what is behind the marker there.
std::expected<void, std::string> write_table(const std::string& file, const std::string& marker, const std::string& table) {
  std::ifstream in(file);
  std::string text(std::istreambuf_iterator<char>(in), {});
  const auto at = text.find(marker);
  if (!in || at == std::string::npos) return std::unexpected(file + ": cannot be read, or has no line " + marker);
  std::ofstream out(file);
  out << text.substr(0, at + marker.size()) << '\n' << table;
  if (!out.flush()) return std::unexpected(file + ": cannot be written");
  return {};
}

std::expected<void, std::string> write_tables(const Options& options, const std::vector<fuzz::EntryResult>& results) {
  if (!options.table.empty()) {
    if (auto written = write_table(options.table, "<!-- cupel regress --table -->", matrix(results)); !written) return written;
  }
  return options.times.empty() ? std::expected<void, std::string>() : write_table(options.times, "<!-- cupel regress --times -->", times(results));
}

void print_totals(const Options& options, const std::vector<fuzz::EntryResult>& results) {
  std::cout << fmt::format("{} of {} pass", std::ranges::count_if(results, fuzz::passes), results.size());
  if (options.mutants) std::cout << fmt::format(", {} mutants caught", std::ranges::count(results, "caught", &fuzz::EntryResult::mutant));
  for (const auto& result : results) {
    if (result.mutant == "broken") std::cout << fmt::format(", {} broken", result.entry.id);
  }
  const auto looked_for = std::ranges::count_if(results, [](const auto& result) { return result.rediscovery.has_value(); });
  if (looked_for > 0) std::cout << fmt::format(", {} of {} found again within {}", std::ranges::count_if(results, found), looked_for, options.rediscover);
  std::cout << '\n';
  for (const auto& result : results) {
    if (result.rediscovery && !found(result)) std::cout << fmt::format("not found: {} ({} runs)\n", result.entry.id, result.rediscovery->executions);
  }
  if (options.matrix) std::cout << '\n' << matrix(results);
}

std::expected<std::vector<fuzz::EntryResult>, std::string> results_of(const std::vector<fuzz::Entry>& entries, const Options& options) {
  const auto say = [&](const fuzz::EntryResult& result) {
    if (!options.json) print_row(result);
  };
  if (options.mutants) {
    fuzz::MutantOptions mutants{.source = root(), .scratch = root() / ".cupel/mutants", .matrix = options.matrix, .jobs = options.jobs, .resume = options.resume};
    if (!options.rediscover.empty()) {
      auto time = parse_duration(options.rediscover);
      if (!time) return std::unexpected(time.error());
      mutants.rediscover = std::chrono::duration_cast<std::chrono::seconds>(*time);
    }
    return fuzz::judge_mutants(entries, mutants, say, [](const std::string& line) { std::cerr << "cupel: " + line + "\n"; });
  }
  std::vector<fuzz::EntryResult> results;
  for (const fuzz::Entry& entry : entries) {
    auto result = fuzz::replay_entry(entry);
    if (!result) return std::unexpected(result.error());
    say(*result);
    results.push_back(std::move(*result));
  }
  return results;
}

int run(const Options& options) {
  auto entries = fuzz::load_entries(root() / "corpus/regressions", options.groups);
  if (!entries) return complain(entries.error());
  if (entries->empty() && !options.groups.empty()) return complain("no regression entry in these groups: " + fmt::format("{}", fmt::join(options.groups, " ")));
  const auto results = results_of(*entries, options);
  if (!results) return complain(results.error());
  if (options.json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const auto& result : *results) rows.push_back(as_json(result));
    print_json({{"entries", rows}});
  } else {
    print_totals(options, *results);
  }
  if (auto written = write_tables(options, *results); !written) return complain(written.error());
  return std::ranges::all_of(*results, fuzz::passes) ? exit_fine : exit_findings;
}

}  // namespace

void add_regress(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("regress", "Replay the regression pack; with --mutants, plant each bug again and show it caught");
  command->add_option("GROUP", options->groups, "linux, snp, ...; a target's name, or an entry's id (default: all)");
  command->add_flag("--mutants", options->mutants, "build each entry's mutant and replay its input on it");
  command->add_flag("--matrix", options->matrix, "with the mutants, ask each oracle alone; prints which mutants survive without it");
  command->add_option("--table", options->table, "as --matrix, and put the table into this file, below its marker (docs/oracles.md)");
  command->add_option("--rediscover", options->rediscover, "with the mutants, also fuzz each on one core from nothing, for this long at most (60s, 2m)");
  command->add_option("--times", options->times, "with the mutants, put how long each took to be seen into this file (docs/mutants.md)");
  command->add_option("--jobs", options->jobs, "mutants at once, each in a copy of its own")->capture_default_str()->check(CLI::Range(1u, 256u));
  command->add_flag("--resume", options->resume, "take over what an earlier run with the same sources and options has found out");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  add_regress_add(*command, exit_code);
  command->callback([options, command, &exit_code] {
    if (!command->get_subcommands().empty()) return;  // it has run
    options->matrix = options->matrix || !options->table.empty();
    options->mutants = options->mutants || options->matrix || !options->rediscover.empty() || !options->times.empty();
    exit_code = run(*options);
  });
}

}  // namespace cupel::cli
