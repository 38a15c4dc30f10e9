#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hh"
#include "fuzz/campaign/exports.hh"
#include "fuzz/campaign/report.hh"
#include "fuzz/replay/input.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::string state, html, markdown, sarif, junit;
  bool json = false;
};

// Into the file that was asked for, if one was. False once it was complained of.
bool write(const std::string& file, const std::string& content) {
  if (file.empty()) return true;
  const auto written = fuzz::write_file(file, content);
  if (!written) complain(written.error());
  return written.has_value();
}

std::string as_text(const nlohmann::json& object) { return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"; }

int run(const Options& options) {
  const std::filesystem::path folder = options.state.empty() ? root() / ".cupel/state" : std::filesystem::path(options.state);
  if (!std::filesystem::exists(folder / "series.jsonl")) return complain("no campaign has run in " + folder.string() + "; run ./cupel fuzz first");
  auto state = fuzz::State::open(folder);
  if (!state) return complain(state.error());
  const auto report = fuzz::collect_report(*state);
  if (!options.html.empty() && !write(options.html, fuzz::html_report(*state, report))) return exit_usage;
  if (!write(options.markdown, fuzz::markdown_of(report))) return exit_usage;
  if (!options.sarif.empty() && !write(options.sarif, as_text(fuzz::sarif_of(report)))) return exit_usage;
  if (!write(options.junit, fuzz::junit_of(report))) return exit_usage;
  if (options.json) print_json(report);
  else std::cout << fuzz::markdown_of(report);
  return report["findings"].empty() ? exit_fine : exit_findings;
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("report", "What the last campaign found, from its state folder");
  command->add_option("--state", options->state, "the campaign's folder (default: .cupel/state)");
  command->add_option("--html", options->html, "write the page with plots to this file");
  command->add_option("--markdown", options->markdown, "write it as Markdown to this file");
  command->add_option("--sarif", options->sarif, "write the findings as SARIF 2.1.0 (code scanning) to this file");
  command->add_option("--junit", options->junit, "write them as JUnit's XML to this file");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
