#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hh"
#include "fuzz/replay/replay.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string target, encode;
  fuzz::ReplayOptions replay;
  bool json = false;
};

nlohmann::json as_json(const fuzz::Replay& run) {
  return {{"file", run.file},   {"target", run.target}, {"trace_hash", fmt::format("{:016x}", run.trace_hash)}, {"verdict", run.verdict},
          {"oracle", run.oracle}, {"call", run.call},   {"expected", run.expected}, {"got", run.got}, {"stable", run.stable}};
}

void print_for_people(const fuzz::Input& input, const fuzz::Replay& run) {
  // A trace needs a run that comes back.
  if (run.verdict == "ok" || run.verdict == "finding") std::cout << fuzz::find_target(input.target)->make()->trace(input.bytes);
  std::cout << fmt::format("{}: {} [{}] trace {:016x}{}\n", run.file, run.verdict, run.target, run.trace_hash, run.stable ? "" : " NOT STABLE");
  if (run.verdict == "ok") return;
  std::cout << fmt::format("  oracle:   {}\n  call:     {}\n  expected: {}\n  got:      {}\n", run.oracle, run.call, run.expected, run.got);
}

int run(const Options& options) {
  nlohmann::json runs = nlohmann::json::array();
  bool clean = true;
  for (const std::string& file : options.files) {
    auto input = fuzz::load_input(file, options.target);
    if (!input) return complain(input.error());
    for (const std::string& warning : input->warnings) std::cerr << "cupel: " << warning << '\n';
    if (!options.encode.empty()) {
      const std::string bytes(input->bytes.begin(), input->bytes.end());
      if (auto written = fuzz::write_file(options.encode, bytes); !written) return complain(written.error());
    }
    auto run = fuzz::replay(*input, options.replay);
    if (!run) return complain(run.error());
    clean = clean && run->verdict == "ok" && run->stable;
    if (options.json) runs.push_back(as_json(*run));
    else print_for_people(*input, *run);
  }
  if (options.json) print_json({{"runs", runs}});
  return clean ? exit_fine : exit_findings;
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("replay", "Run inputs again: the annotated trace and the oracles' verdict");
  command->add_option("FILE", options->files, "program text (.txt) or the engines' bytes")->required();
  command->add_option("--target", options->target, "the target, where the file does not say it");
  command->add_option("--without", options->replay.without, "switch an oracle off");
  command->add_option("--repeat", options->replay.repeat, "run each so many times and compare the traces")->check(CLI::PositiveNumber);
  command->add_option("--encode", options->encode, "also write the last input, as the engines' bytes, to this file");
  command->add_flag("--json", options->json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
