#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hh"
#include "cli/duration.hh"
#include "fuzz/campaign/triage.hh"
#include "fuzz/regress/draft.hh"
#include "fuzz/regress/mutant.hh"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds minimise_time_max{10'000};

struct Options {
  std::string entry = "linux-unmap-length-wraps", time = "60s";
  bool json = false;
};

// A bug from planting to its entry in the pack, each step before the reader's eyes.
class Demo {
 public:
  Demo(const Options& options, fuzz::Entry entry) : options_(options), entry_(std::move(entry)), scratch_(root(), root() / ".cupel/mutants/tree-0", 0) {}

  std::expected<bool, std::string> run() {
    std::error_code error;
    fs::remove_all(folder_, error);
    if (auto planted = plant(); !planted) return std::unexpected(planted.error());
    auto found = find();
    if (!found) return std::unexpected(found.error());
    if (!found->found) return false;
    auto finding = explain(*found);
    if (!finding) return std::unexpected(finding.error());
    return keep(*finding);
  }
  const nlohmann::json& facts() const { return facts_; }

 private:
  using Void = std::expected<void, std::string>;

  void say(const std::string& text) const { (options_.json ? std::cerr : std::cout) << text << std::endl; }
  void step(const std::string& title) { say(fmt::format("\n{}. {}\n", ++step_, title)); }
  void indented(std::string_view text) const {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      say("     " + std::string(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  Void plant() {
    const auto patch = fuzz::read_file(*entry_.patch);
    if (!patch) return std::unexpected(patch.error());
    step("A bug is planted in a copy of the tree: " + entry_.id);
    indented(*patch);
    if (auto fresh = scratch_.refresh(); !fresh) return fresh;
    if (auto planted = scratch_.plant(*entry_.patch); !planted) return planted;
    say("\n   building " + entry_.target + " with it ...");
    return scratch_.build(entry_.target);
  }

  std::expected<fuzz::Rediscovery, std::string> find() {
    const auto time = parse_duration(options_.time);
    if (!time) return std::unexpected("--time: " + time.error());
    step("The fuzzer looks for it, from an empty corpus");
    auto found = fuzz::rediscover(entry_.target, scratch_.program(entry_.target), folder_ / "fuzz", std::chrono::duration_cast<std::chrono::seconds>(*time));
    if (!found) return found;
    facts_["found"] = found->found, facts_["seconds"] = found->seconds, facts_["executions"] = found->executions;
    if (found->found) say(fmt::format("   seen by the oracle \"{}\" after {:.1f} s and {} programs", found->oracle, found->seconds, found->executions));
    else say(fmt::format("   not found in {:.1f} s and {} programs; give it more with --time", found->seconds, found->executions));
    return found;
  }

  // Replays, minimises and describes what was found, as a campaign does.
  std::expected<nlohmann::json, std::string> explain(const fuzz::Rediscovery& found) {
    auto state = fuzz::State::open(folder_ / "state");
    if (!state) return std::unexpected(state.error());
    if (auto ready = state->prepare(entry_.target); !ready) return std::unexpected(ready.error());
    const std::string bytes(found.input.begin(), found.input.end());
    if (auto written = fuzz::write_file(state->raw(entry_.target) / "crash-demo", bytes); !written) return std::unexpected(written.error());
    auto looked = fuzz::triage(*state, entry_.target, scratch_.program(entry_.target), minimise_time_max);
    if (!looked) return std::unexpected(looked.error());
    if (looked->fresh.empty()) return std::unexpected("what the fuzzer found did not fail again three times; it is kept in " + state->raw(entry_.target).string());
    auto& finding = looked->fresh.front();
    const auto program = fuzz::read_file(fs::path(finding["folder"].get<std::string>()) / "program.txt");
    if (!program) return std::unexpected(program.error());
    step("It fails three times in the same way, and is made as small as it gets");
    indented(*program);
    step("What is wrong");
    for (const char* field : {"oracle", "call", "expected", "got"}) say(fmt::format("     {:9} {}", std::string(field) + ":", finding[field].get<std::string>()));
    facts_["finding"] = finding;
    return std::move(finding);
  }

  // The entry, made from the finding, passes on this build and fails on the other.
  std::expected<bool, std::string> keep(const nlohmann::json& finding) {
    const auto patch = fuzz::read_file(*entry_.patch);
    if (!patch) return std::unexpected(patch.error());
    const auto folder = fuzz::draft_entry(finding["folder"].get<std::string>(), {.regressions = folder_ / "regressions", .id = "demo", .mutant = *patch, .invariant = {}});
    if (!folder) return std::unexpected(folder.error());
    step("It becomes an entry of the regression pack: " + folder->string());
    const auto about = fuzz::read_file(*folder / "about.md");
    if (!about) return std::unexpected(about.error());
    indented(*about);
    const auto entries = fuzz::load_entries(folder_ / "regressions", {});
    if (!entries) return std::unexpected(entries.error());
    const auto result = fuzz::replay_entry(entries->front());
    if (!result) return std::unexpected(result.error());
    const bool fixed = result->on_current.verdict == "ok";
    step("On the build without the bug");
    say(fmt::format("     {}: {}", entries->front().id, fixed ? "passes" : result->on_current.oracle + ": " + result->on_current.got));
    facts_["entry"] = folder->string(), facts_["fixed_passes"] = fixed;
    return fixed;
  }

  const Options& options_;
  const fuzz::Entry entry_;
  fuzz::Scratch scratch_;
  const fs::path folder_ = root() / ".cupel/demo";
  nlohmann::json facts_;
  int step_ = 0;
};

int run(const Options& options) {
  auto entries = fuzz::load_entries(root() / "corpus/regressions", {options.entry});
  if (!entries) return complain(entries.error());
  if (entries->size() != 1 || !entries->front().patch) return complain("--entry: " + options.entry + " is no entry of corpus/regressions with a mutant.patch");
  Demo demo(options, std::move(entries->front()));
  const auto shown = demo.run();
  if (!shown) return complain(shown.error());
  if (options.json) print_json(demo.facts());
  return *shown ? exit_fine : exit_findings;
}

}  // namespace

void add_demo(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("demo", "Plant a bug, and watch it found, minimised, explained and kept as a regression");
  command->add_option("--entry", options->entry, "the bug: an entry of corpus/regressions")->capture_default_str();
  command->add_option("--time", options->time, "how long the fuzzer may look for it (30s, 2m)")->capture_default_str();
  command->add_flag("--json", options->json, "one JSON object on stdout, the steps on stderr");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace cupel::cli
