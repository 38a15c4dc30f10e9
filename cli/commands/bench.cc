#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/command.hh"
#include "bench/fuzz_rows.hh"
#include "bench/syscall_rows.hh"
#include "cli/command.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::string name = "fuzz";
  std::vector<std::string> rows;
  double seconds = 2;
  bool json = false;
};

constexpr const char* sanitized_rows[] = {"engine-ceiling+asan", "model+asan", "all-oracles+asan"};

// The rows a build with sanitizers measures, from its own program.
bench::Report rows_of_sanitized_build(double seconds, const std::vector<std::string>& patterns) {
  if (std::ranges::none_of(sanitized_rows, [&](const char* name) { return bench::wanted(name, patterns); })) return {};
  const auto program = root() / "build/dev/bench/cupel_bench_sanitized";
  const auto missing = [](std::string why) { return bench::Report{{}, {"rows +asan: " + std::move(why)}}; };
  if (!std::filesystem::exists(program)) return missing(program.string() + " is not built; ./cupel bench builds it");
  const auto text = bench::output_of(fmt::format("'{}' {}", program.string(), seconds));
  if (!text) return missing(text.error());
  const auto parsed = nlohmann::json::parse(*text, nullptr, false);
  if (!parsed.is_array()) return missing(program.string() + " printed no rows");
  return {parsed.get<std::vector<bench::Row>>(), {}};
}

// Rows are measured by the clock on the wall, so who shares the processors makes them smaller.
void warn_of_company() {
  double load = 0;
  if (getloadavg(&load, 1) != 1 || load < 1) return;
  std::cerr << fmt::format("cupel: others are at work here (load average {:.1f}, {} processors): figures come out too low, ratios less so\n", load, std::thread::hardware_concurrency());
}

int show(const Options& options, const bench::Report& report) {
  if (options.json) {
    print_json({{"rows", report.rows}});
  } else {
    for (const auto& row : report.rows) {
      std::cout << fmt::format("{:20} {:>12.{}f} {:10}  {:8.3g} x {}\n", row.name, row.value, row.value < 1000 ? 2 : 0, row.unit, row.ratio, row.baseline);
    }
  }
  for (const std::string& line : report.missing) complain("not measured: " + line);
  return report.missing.empty() ? exit_fine : exit_usage;
}

int run(const Options& options) {
  if (options.name != "fuzz" && options.name != "syscall") return complain("there is no benchmark " + options.name + "; known: fuzz, syscall");
  warn_of_company();
  if (options.name == "syscall") return show(options, bench::bench_syscall(root() / "build/release/cli/run/cupel-run", root() / "build/release/bench/cupel_syscall_guest"));
  bench::Report report = bench::bench_fuzz(options.seconds, options.rows);
  bench::Report sanitized = rows_of_sanitized_build(options.seconds, options.rows);
  std::ranges::move(sanitized.rows, std::back_inserter(report.rows));
  std::ranges::move(sanitized.missing, std::back_inserter(report.missing));
  for (const std::string& pattern : options.rows) {
    const auto measured = [&](const bench::Row& row) { return bench::wanted(row.name, {pattern}); };
    if (report.missing.empty() && std::ranges::none_of(report.rows, measured)) return complain("no row of fuzz is named " + pattern + "; ./cupel bench --help lists them");
  }
  return show(options, report);
}
constexpr const char* what_rows_mean = R"(Rows of fuzz. All run the same 4096 generated programs; the ratio is to a row of the same run.
  engine-ceiling     executions a second of libFuzzer with a target that does nothing
  invariants         ten-call programs a second on libos; the machine's structures checked after each
  model              as invariants, and every outcome judged by the model
  all-oracles        with every oracle of linux_program, for which each program runs twice
  three-way          on libos, by the model and on the real kernel; one processor for both sides
  generate           thirty-call programs a second, from nothing
  mutate             thirty-call programs a second, each a copy with one to four changes
  mutate-bytes       the same from bytes to bytes, as an engine has it
  reset              microseconds to put a machine back after a ten-call program
  fork               microseconds for a process that does nothing: what a fork server pays instead
  snp_psc, ...       each target of the SEV-SNP boundary: exits a second with all its oracles
  optee_messages,... each target of the OP-TEE shim: service calls a second with all its oracles
  lvbs_heki, ...     each target of the LVBS boundary: VTL0's calls a second with all its oracles
  ...+asan           the same in the build a campaign uses: ASan, UBSan, coverage hooks
Rows of syscall, in nanoseconds; medians of five runs that take turns.
  native ...         on this host's kernel
  patched ...        the same program under cupel run, whose call sites become jumps
  dispatch getppid   the same with --no-patch: each call is a trap
docs/benchmarks.md has figures and profiles.
)";

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("bench", "Measure, side by side in one run");
  command->add_option("NAME", options->name, "fuzz: programs a second on one core; syscall: what a call costs")->capture_default_str();
  command->add_option("ROW", options->rows, "only these rows, by name or pattern (snp_psc, 'snp_*'), and their baselines");
  command->add_option("--seconds", options->seconds, "how long each row is measured")->capture_default_str()->check(CLI::Range(0.05, 600.0));
  command->footer(what_rows_mean);
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
