#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/command.hh"
#include "cli/duration.hh"
#include "fuzz/campaign/campaign.hh"
#include "fuzz/campaign/plan.hh"
#include "fuzz/campaign/reach.hh"
#include "fuzz/campaign/report.hh"
#include "fuzz/regress/base.hh"
#include "fuzz/target.hh"

namespace cupel::cli {
namespace {

struct Options {
  std::vector<std::string> targets;
  std::string time = "60s", state, campaign, base;
  unsigned jobs = std::max(1u, std::thread::hardware_concurrency());
  std::map<std::string, unsigned> parts;
  uint32_t seed = 1;
  bool json = false;
};

volatile sig_atomic_t interrupted = 0;

// The campaign's events for people: one line that renews itself on a terminal, a line a few seconds elsewhere.
class Display {
 public:
  void show(const nlohmann::json& event) {
    const std::string kind = event["event"];
    if (kind == "start") {
      line(fmt::format("fuzzing {} targets for {:.0f} s with {} processes; state in {}", event["targets"].size(), event["seconds"].get<double>(),
                       event["jobs"].get<unsigned>(), event["state"].get<std::string>()));
      seconds_ = event["seconds"];
      begin_ = std::chrono::steady_clock::now();
    } else if (kind == "canary") {
      line(fmt::format("canary: the planted failure was found after {} executions", event["executions"].get<uint64_t>()));
    } else if (kind == "warning") {
      line("warning: " + event["text"].get<std::string>());
    } else if (kind == "finding") {
      ++findings_;
      const auto& finding = event["finding"];
      line(fmt::format("FINDING {}\n  oracle:   {}\n  call:     {}\n  expected: {}\n  got:      {}\n  replay:   {}", finding.value("id", ""), finding.value("oracle", ""),
                       finding.value("call", ""), finding.value("expected", ""), finding.value("got", ""), finding.value("replay", "")));
    } else if (kind == "progress") {
      progress(event);
    }
  }
  void done() {
    if (on_terminal_ && open_) std::cerr << '\n';
  }

 private:
  void progress(const nlohmann::json& event) {
    const std::string target = event["target"];
    executions_[target] = event["executions"], edges_[target] = event["edges"];
    uint64_t executions = 0, edges = 0;
    for (const auto& [name, count] : executions_) executions += count;
    for (const auto& [name, count] : edges_) edges += count;
    const double now = event["seconds"];
    if (!on_terminal_ && now - last_ < 5) return;
    last_ = now;
    const double left = std::max(0.0, seconds_ - std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
    const std::string text = fmt::format("{:4.0f} s left  {:>10} executions  {:>6} edges  {} findings  now {} at {}/s, corpus {}", left, executions, edges, findings_, target,
                                         event["rate"].get<uint64_t>(), event["corpus"].get<uint64_t>());
    std::cerr << (on_terminal_ ? "\r\033[K" : "") << text << (on_terminal_ ? "" : "\n") << std::flush;
    open_ = true;
  }
  void line(const std::string& text) {
    if (on_terminal_ && open_) std::cerr << "\r\033[K";
    open_ = false;
    std::cerr << text << std::endl;
  }

  const bool on_terminal_ = isatty(STDERR_FILENO) != 0;
  bool open_ = false;
  double seconds_ = 0, last_ = -10;
  std::chrono::steady_clock::time_point begin_{};
  unsigned findings_ = 0;
  std::map<std::string, uint64_t> executions_, edges_;
};

// A campaign by its name in ci/campaigns, or by its file. What the command line says itself goes before what the file says.
std::expected<void, std::string> take_plan(const CLI::App& command, Options& options) {
  if (options.campaign.empty()) return {};
  const bool is_name = options.campaign.find_first_of("./") == std::string::npos;
  auto plan = fuzz::read_plan(is_name ? root() / "ci/campaigns" / (options.campaign + ".toml") : std::filesystem::path(options.campaign));
  if (!plan) return std::unexpected("--campaign: " + plan.error());
  if (command.count("TARGET") == 0) options.targets = plan->targets;
  if (command.count("--time") == 0 && !plan->time.empty()) options.time = plan->time;
  if (command.count("--jobs") == 0 && plan->jobs) options.jobs = *plan->jobs;
  options.parts = std::move(plan->parts);
  return {};
}

// With a base, the targets that run what has changed since get more of the time.
std::expected<void, std::string> weigh_by_change(Options& options) {
  if (options.base.empty()) return {};
  const auto changed = fuzz::changed_since(root(), options.base);
  if (!changed) return std::unexpected("--base: " + changed.error());
  const auto map = fuzz::read_reach(root() / "corpus/reach.json");
  if (!map) return std::unexpected(map.error());
  if (auto parts = fuzz::parts_by_reach(*map, *changed); !parts.empty()) options.parts = std::move(parts);
  return {};
}

// Moves away what the base has as well; what is left is the change's doing.
std::expected<void, std::string> ask_base(const Options& options, const fuzz::State& state) {
  if (options.base.empty()) return {};
  const auto aside = fuzz::set_aside_what_base_has(state, fuzz::Revision(root(), root() / ".cupel/base"), options.base);
  if (!aside) return std::unexpected("--base: " + aside.error());
  for (const std::string& id : *aside) std::cerr << fmt::format("cupel: {} fails on {} as well; it is in {}\n", id, options.base, (state.folder() / "on-base").string());
  return {};
}

int run(const Options& options) {
  auto time = parse_duration(options.time);
  if (!time) return complain("--time: " + time.error());
  fuzz::CampaignOptions campaign{.targets = options.targets, .parts = options.parts, .time = *time, .jobs = options.jobs, .programs = root() / "build/dev/targets",
                                 .seeds = root() / "corpus/seeds", .state = options.state.empty() ? root() / ".cupel/state" : std::filesystem::path(options.state), .seed = options.seed};
  campaign.interrupted = [] { return interrupted != 0; };
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);

  Display display;
  auto result = fuzz::run_campaign(campaign, [&](const nlohmann::json& event) {
    display.show(event);
    if (options.json) print_json(event);
  });
  display.done();
  if (!result) return complain(result.error());
  auto state = fuzz::State::open(campaign.state);
  if (!state) return complain(state.error());
  if (auto asked = ask_base(options, *state); !asked) return complain(asked.error());
  const size_t findings = state->all_findings().size();
  auto page = fuzz::write_report(*state);
  if (!page) return complain(page.error());
  if (options.json) {
    print_json({{"event", "end"}, {"executions", result->executions}, {"findings", findings}, {"edges", result->edges}, {"report", *page}});
  } else {
    std::cout << fmt::format("{} executions, {} edges, {} findings\nreport: {}\n", result->executions, result->edges, findings, *page);
  }
  return findings == 0 ? exit_fine : exit_findings;
}

}  // namespace

void add_fuzz(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("fuzz", "Run a campaign over all targets (or those named) and write its report");
  command->add_option("TARGET", options->targets, "which targets (default: all)");
  command->add_option("--campaign", options->campaign, "what ci/campaigns/NAME.toml, or this file, says: pr, nightly, soak");
  command->add_option("--time", options->time, "how long: 60s, 5m, 2h")->capture_default_str();
  command->add_option("--jobs", options->jobs, "processes at once")->capture_default_str()->check(CLI::PositiveNumber);
  command->add_option("--state", options->state, "the campaign's folder (default: .cupel/state)");
  command->add_option("--seed", options->seed, "seed of the engines")->capture_default_str();
  command->add_option("--base", options->base, "a commit: more time for targets that run what changed since; what fails there too is no finding");
  command->add_flag("--json", options->json, "events as JSON lines on stdout");
  command->callback([options, command, &exit_code] {
    auto planned = take_plan(*command, *options);
    if (planned) planned = weigh_by_change(*options);
    exit_code = planned ? run(*options) : complain(planned.error());
  });
  constexpr size_t width = 100;
  std::string about = "Targets (./cupel describe targets says what each is):", line;
  for (const fuzz::TargetInfo* info : fuzz::targets()) {
    if (line.empty() || line.size() + 1 + info->name.size() > width) about += line + "\n", line = " ";
    line += fmt::format(" {}", info->name);
  }
  command->footer(about + line + "\n\n");
}

}  // namespace cupel::cli
