#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/fuzz_rows.hh"
#include "cli/command.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::string name = "fuzz";
  double seconds = 2;
  bool json = false;
};

nlohmann::json as_json(const bench::Row& row) {
  return {{"name", row.name}, {"value", row.value}, {"unit", row.unit}, {"baseline", row.baseline}, {"baseline_value", row.baseline_value}, {"ratio", row.ratio}};
}

// The rows a build with sanitizers measures, from its own program; nothing where it is not built.
std::vector<bench::Row> rows_of_sanitized_build(double seconds) {
  const auto program = root() / "build/dev/bench/cupel_bench_sanitized";
  std::vector<bench::Row> rows;
  if (!std::filesystem::exists(program)) {
    std::cerr << "cupel: no row model+asan: " << program.string() << " is not built (preset dev)\n";
    return rows;
  }
  FILE* stream = popen((program.string() + " " + std::to_string(seconds)).c_str(), "r");
  if (stream == nullptr) return rows;
  std::string text;
  char chunk[4096];
  for (size_t size = 0; (size = fread(chunk, 1, sizeof chunk, stream)) > 0;) text.append(chunk, size);
  if (pclose(stream) != 0) std::cerr << "cupel: " << program.string() << " failed\n";
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_array()) return rows;
  for (const auto& row : parsed) {
    rows.push_back({row.value("name", ""), row.value("value", 0.0), row.value("unit", ""), row.value("baseline", ""), row.value("baseline_value", 0.0), row.value("ratio", 0.0)});
  }
  return rows;
}

int run(const Options& options) {
  if (options.name != "fuzz") return complain("there is no benchmark " + options.name + "; known: fuzz");
  auto rows = bench::bench_fuzz(options.seconds);
  for (auto& row : rows_of_sanitized_build(options.seconds)) rows.push_back(std::move(row));
  nlohmann::json out = nlohmann::json::array();
  for (const auto& row : rows) {
    out.push_back(as_json(row));
    if (!options.json) std::cout << fmt::format("{:16} {:>14.1f} {:12}  {:.3f} of {}\n", row.name, row.value, row.unit, row.ratio, row.baseline);
  }
  if (options.json) print_json({{"rows", out}});
  return exit_fine;
}

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("bench", "Measure, side by side in one run");
  command->add_option("NAME", options->name, "fuzz: programs a second on one core")->capture_default_str();
  command->add_option("--seconds", options->seconds, "how long each row is measured")->capture_default_str()->check(CLI::Range(0.05, 600.0));
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
