#include "fuzz/regress/bisect.hh"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::string program, good, bad = "HEAD";
  bool json = false;
};

int run(const Options& options) {
  if (!std::filesystem::is_regular_file(options.program)) return complain(options.program + ": there is no such file");
  if (!options.program.ends_with(".txt")) return complain(options.program + ": a program's text (.txt) is asked for: the engines' bytes may mean something else in another commit");
  const fuzz::Revision revision(root(), root() / ".cupel/bisect");
  const auto found = fuzz::bisect(revision, options.program, options.good, options.bad, [](const fuzz::BisectStep& step) {
    std::cerr << fmt::format("cupel: {:4}  {:.12}  {}{}\n", step.said, step.commit, step.title, step.trouble.empty() ? "" : "\n  " + step.trouble);
  });
  if (!found) return complain(found.error());
  if (options.json) {
    print_json({{"commit", found->commit}, {"title", found->title}, {"suspects", found->suspects}});
  } else if (!found->commit.empty()) {
    std::cout << fmt::format("{} is the first bad commit: {}\n", found->commit, found->title);
  } else {
    std::cout << fmt::format("one of these is the first bad commit; those between could not be asked:\n{}\n", fmt::join(found->suspects, "\n"));
  }
  return found->commit.empty() ? exit_findings : exit_fine;
}

}  // namespace

void add_bisect(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("bisect", "Find the first commit in which a program fails, by replay");
  command->add_option("FILE", options->program, "the program's text")->required();
  command->add_option("--good", options->good, "a commit in which it does not fail")->required();
  command->add_option("--bad", options->bad, "a commit in which it does")->capture_default_str();
  command->add_flag("--json", options->json, "one JSON object on stdout, the steps on stderr");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
