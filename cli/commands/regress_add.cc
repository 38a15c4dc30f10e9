#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hh"
#include "fuzz/regress/draft.hh"
#include "fuzz/regress/regress.hh"
#include "fuzz/replay/input.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::string finding, state, mutant, fix;
  fuzz::DraftOptions draft;
  bool json = false;
};

std::expected<std::string, std::string> mutant_of(const Options& options) {
  if (!options.fix.empty()) return fuzz::patch_that_undoes(root(), options.fix);
  if (!options.mutant.empty()) return fuzz::read_file(options.mutant);
  return std::string();
}

// The finding's folder: as a path, or by its id in the campaign's state.
std::filesystem::path folder_of(const Options& options) {
  if (std::filesystem::exists(options.finding)) return options.finding;
  const std::filesystem::path state = options.state.empty() ? root() / ".cupel/state" : std::filesystem::path(options.state);
  return state / "findings" / options.finding;
}

int run(Options& options) {
  auto mutant = mutant_of(options);
  if (!mutant) return complain(mutant.error());
  options.draft.mutant = std::move(*mutant);
  if (options.draft.regressions.empty()) options.draft.regressions = root() / "corpus/regressions";
  const auto entry = fuzz::draft_entry(folder_of(options), options.draft);
  if (!entry) return complain(entry.error());
  const auto entries = fuzz::load_entries(options.draft.regressions, {entry->filename().string()});
  if (!entries) return complain(entries.error());
  const auto result = fuzz::replay_entry(entries->front());
  if (!result) return complain(result.error());
  const auto& seen = result->on_current;
  if (options.json) {
    print_json({{"entry", entry->string()}, {"verdict", seen.verdict}, {"oracle", seen.oracle}, {"mutant", !options.draft.mutant.empty()}});
  } else {
    std::cout << fmt::format("{}\n", entry->string());
    if (seen.verdict == "ok") std::cout << "it passes on this build; give about.md a title and say there what was wrong\n";
    else std::cout << fmt::format("it still fails on this build: {}: {}\n  expected {}\n  got      {}\n", seen.oracle, seen.call, seen.expected, seen.got);
    if (options.draft.mutant.empty()) std::cout << "it has no mutant yet: mutant.patch plants the bug again (--fix COMMIT makes it from the fix)\n";
  }
  return seen.verdict == "ok" ? exit_fine : exit_findings;
}

}  // namespace

void add_regress_add(CLI::App& regress, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = regress.add_subcommand("add", "Make an entry of the pack out of a finding");
  command->add_option("FINDING", options->finding, "a finding's id, or its folder")->required();
  command->add_option("--id", options->draft.id, "the entry's name (default: the finding's)");
  command->add_option("--invariant", options->draft.invariant, "what the bug broke, in a line (default: what the oracle expected)");
  auto* mutant = command->add_option("--mutant", options->mutant, "a patch that plants the bug again");
  command->add_option("--fix", options->fix, "the commit that mended it; undone, it is the mutant")->excludes(mutant);
  command->add_option("--state", options->state, "the campaign's folder (default: .cupel/state)");
  command->add_option("--into", options->draft.regressions, "another folder of entries (default: corpus/regressions)");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->footer("Example:\n  ./cupel regress add linux_program-model-fsync --id linux-fsync-of-nothing --fix HEAD");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
