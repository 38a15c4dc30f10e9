#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hh"
#include "fuzz/campaign/report.hh"
#include "fuzz/replay/input.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::string state, html, markdown;
  bool json = false;
};

std::string markdown_of(const nlohmann::json& report) {
  std::string text = fmt::format("# Campaign report\n\n{} executions, {} edges, {} open findings\n\n| target | executions | edges | corpus | a second |\n|---|---|---|---|---|\n",
                                 report["executions"].get<uint64_t>(), report["edges"].get<uint64_t>(), report["findings"].size());
  for (const auto& row : report["targets"]) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", row["target"].get<std::string>(), row.value("executions", uint64_t{0}), row.value("edges", uint64_t{0}),
                        row.value("corpus", uint64_t{0}), row.value("rate", uint64_t{0}));
  }
  for (const auto& finding : report["findings"]) {
    text += fmt::format("\n## {}\n\n- oracle: {}\n- call: `{}`\n- expected: `{}`\n- got: `{}`\n- replay: `{}`\n", finding.value("id", ""), finding.value("oracle", ""),
                        finding.value("call", ""), finding.value("expected", ""), finding.value("got", ""), finding.value("replay", ""));
  }
  return text;
}

int run(const Options& options) {
  const std::filesystem::path folder = options.state.empty() ? root() / ".cupel/state" : std::filesystem::path(options.state);
  if (!std::filesystem::exists(folder / "series.jsonl")) return complain("no campaign has run in " + folder.string() + "; run ./cupel fuzz first");
  auto state = fuzz::State::open(folder);
  if (!state) return complain(state.error());
  const auto report = fuzz::collect_report(*state);
  if (!options.html.empty()) {
    if (auto written = fuzz::write_file(options.html, fuzz::html_report(*state, report)); !written) return complain(written.error());
  }
  if (!options.markdown.empty()) {
    if (auto written = fuzz::write_file(options.markdown, markdown_of(report)); !written) return complain(written.error());
  }
  if (options.json) print_json(report);
  else std::cout << markdown_of(report);
  return report["findings"].empty() ? exit_fine : exit_findings;
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("report", "What the last campaign found, from its state folder");
  command->add_option("--state", options->state, "the campaign's folder (default: .cupel/state)");
  command->add_option("--html", options->html, "write the page with plots to this file");
  command->add_option("--markdown", options->markdown, "write it as Markdown to this file");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
