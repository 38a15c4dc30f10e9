#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hh"
#include "fuzz/program/strace.hh"
#include "fuzz/program/text.hh"
#include "fuzz/replay/input.hh"
#include "shims/linux/shim.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::string file, output;
  fuzz::StraceOptions strace;
  bool json = false;
};

int run(const Options& options) {
  const auto text = fuzz::read_file(options.file);
  if (!text) return complain(text.error());
  const fuzz::Grammar grammar(linux_shim::description());
  const fuzz::ImportedTrace trace = fuzz::import_strace(grammar, *text, options.strace);
  if (trace.program.steps.empty()) return complain(options.file + ": no call in it that the interface has; see cupel import-strace --help for how to record");
  const std::string program = "# target: linux_program\n" + fuzz::print(grammar, trace.program);
  if (options.output.empty() && !options.json) std::cout << program;
  if (!options.output.empty()) {
    if (const auto written = fuzz::write_file(options.output, program); !written) return complain(written.error());
  }
  for (const std::string& warning : trace.warnings) std::cerr << "cupel: " << warning << '\n';
  if (options.json) print_json({{"calls", trace.program.steps.size()}, {"warnings", trace.warnings}, {"output", options.output}});
  return exit_fine;
}

}  // namespace

void add_import_strace(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("import-strace", "Make a fuzz program of a real program's calls");
  command->add_option("FILE", options->file, "recorded with: strace -f -xx -v -s 65536 -o FILE PROGRAM ARG...")->required();
  command->add_option("--output,-o", options->output, "where the program goes, instead of stdout");
  command->add_option("--skip", options->strace.skip, "leave out so many calls at the beginning")->check(CLI::NonNegativeNumber);
  command->add_flag("--keep-loading", options->strace.keep_loading, "keep what the dynamic loader does after each execve");
  command->add_flag("!--no-world", options->strace.build_world, "do not begin with making the files that the recorded program found");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
