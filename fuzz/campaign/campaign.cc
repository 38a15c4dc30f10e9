#include "fuzz/campaign/campaign.hh"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "fuzz/campaign/triage.hh"
#include "fuzz/campaign/worker.hh"
#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view canary = "canary";
constexpr milliseconds canary_time_max{20'000};
constexpr milliseconds minimise_time_max{10'000};
constexpr milliseconds goodbye_time_max{5'000};  // what a process gets to print its totals in
constexpr milliseconds loading_time_max{10'000}; // by which a slice is longer while it reads its corpus: else a large one were never read whole
constexpr milliseconds slice_time_min{250};      // a short campaign rather gives each target a little than some nothing

// Parts of the time. A program of a hundred calls can say more than a script of one boundary: planted bugs which need
// thousands of programs were missed where all had the same.
constexpr int64_t default_parts(std::string_view target) { return target.starts_with("linux_") ? 4 : 1; }

// What a target has cost and given over all its slices.
struct Account {
  milliseconds spent{0};
  uint64_t executions = 0;
  uint64_t edges = 0, features = 0, corpus = 0, rate = 0;
  uint32_t slices = 0;
  bool running = false;
};

class Campaign {
 public:
  Campaign(const CampaignOptions& options, State state, const std::function<void(const nlohmann::json&)>& on_event)
      : options_(options), state_(std::move(state)), on_event_(on_event) {
    for (const auto& sample : state_.samples()) {  // a campaign that was stopped goes on where its series ended
      before_seconds_ = std::max(before_seconds_, sample["seconds"].get<double>());
      before_executions_[sample["target"]] = sample.value("executions", uint64_t{0});
      Account& account = accounts_[sample["target"]];
      account.edges = sample.value("edges", uint64_t{0}), account.corpus = sample.value("corpus", uint64_t{0}), account.rate = sample.value("rate", uint64_t{0});
    }
  }

  std::expected<CampaignResult, std::string> run() {
    if (auto chosen = choose_targets(); !chosen) return std::unexpected(chosen.error());
    const auto recovered = state_.recover();
    if (!recovered) return std::unexpected(recovered.error());
    for (const std::string& what : *recovered) on_event_({{"event", "warning"}, {"text", what}});
    for (const std::string& target : targets_) {
      if (auto ready = prepare(target); !ready) return std::unexpected(ready.error());
      if (auto looked = look(target); !looked) return std::unexpected(looked.error());  // left by a campaign that was killed
    }
    on_event_({{"event", "start"}, {"targets", targets_}, {"seconds", options_.time.count() / 1000.0}, {"jobs", options_.jobs},
               {"state", state_.folder().string()}});
    if (auto seen = run_canary(); !seen) return std::unexpected(seen.error());
    if (auto ran = run_slices(); !ran) return std::unexpected(ran.error());
    name_who_had_no_turn();
    result_.findings = state_.all_findings();
    for (const std::string& target : targets_) {
      result_.executions += accounts_[target].executions;
      result_.edges += accounts_[target].edges;
    }
    return std::move(result_);
  }

 private:
  using Void = std::expected<void, std::string>;

  fs::path program(std::string_view target) const { return options_.programs / target; }

  int64_t parts_of(const std::string& target) const {
    const auto said = options_.parts.find(target);
    return said == options_.parts.end() ? default_parts(target) : said->second;
  }

  static std::string why_unavailable(const TargetInfo& info) { return info.unavailable == nullptr ? std::string() : info.unavailable(); }

  Void choose_targets() {
    targets_ = options_.targets;
    if (targets_.empty()) {
      for (const TargetInfo* info : fuzz::targets()) {
        if (info->name == canary || !fs::exists(program(info->name))) continue;
        if (const std::string reason = why_unavailable(*info); reason.empty()) targets_.emplace_back(info->name);
        else on_event_({{"event", "warning"}, {"text", fmt::format("{} is left out: {}", info->name, reason)}});
      }
    }
    if (targets_.empty()) return std::unexpected("no fuzz target is built in " + options_.programs.string());
    for (const auto& [target, parts] : options_.parts) {
      if (find_target(target) == nullptr) return std::unexpected("parts are given to a target " + target + " which there is not; ./cupel describe targets lists them");
    }
    for (const std::string& target : targets_) {
      const TargetInfo* info = find_target(target);
      if (info == nullptr) return std::unexpected("there is no target " + target + "; ./cupel describe targets lists them");
      if (const std::string reason = why_unavailable(*info); !reason.empty()) return std::unexpected(fmt::format("target {} cannot run here: {}", target, reason));
      if (!fs::exists(program(target))) return std::unexpected("target " + target + " is not built: " + program(target).string() + " is missing");
    }
    return {};
  }

  // Folders, and the seeds as the engines' bytes.
  Void prepare(const std::string& target) {
    if (auto made = state_.prepare(target); !made) return made;
    std::error_code error;
    std::string_view family = target;
    family = family.substr(0, family.find('_'));
    for (const fs::path& folder : {options_.seeds / target, options_.seeds / family}) {
      for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (!entry.is_regular_file()) continue;
        const fs::path copy = state_.corpus(target) / ("seed-" + entry.path().stem().string());
        if (fs::exists(copy)) continue;
        auto input = load_input(entry.path(), target);
        if (!input) {
          on_event_({{"event", "warning"}, {"text", input.error()}});
          continue;
        }
        if (auto written = write_file(copy, {reinterpret_cast<const char*>(input->bytes.data()), input->bytes.size()}); !written) return written;
      }
    }
    return {};
  }

  Void look(const std::string& target) {
    auto looked = triage(state_, target, program(target), minimise_time_max);
    if (!looked) return std::unexpected(looked.error());
    for (const auto& finding : looked->fresh) on_event_({{"event", "finding"}, {"finding", finding}});
    if (looked->unconfirmed > 0) {
      on_event_({{"event", "warning"}, {"text", fmt::format("{}: {} failing inputs did not fail again; kept in {}", target, looked->unconfirmed,
                                                           (state_.raw(target) / "unconfirmed").string())}});
    }
    return {};
  }

  std::expected<Worker, std::string> start(const std::string& target) {
    return Worker::start({target, program(target), {state_.corpus(target)}, state_.raw(target), options_.seed + accounts_[target].slices});
  }

  // A target which must fail: a campaign that does not see it fail would see nothing.
  Void run_canary() {
    const std::string name(canary);
    if (!fs::exists(program(canary))) return std::unexpected("the canary is not built: " + program(canary).string() + " is missing");
    const fs::path folder = state_.folder() / "canary";  // apart from the folders of a campaign that asks for it by name
    std::error_code error;
    fs::remove_all(folder, error);
    for (const char* part : {"corpus", "raw"}) {
      if (!fs::create_directories(folder / part, error)) return std::unexpected((folder / part).string() + ": " + error.message());
    }
    auto worker = Worker::start({name, program(canary), {folder / "corpus"}, folder / "raw", options_.seed});
    if (!worker) return std::unexpected(worker.error());
    const auto until = Clock::now() + canary_time_max;
    while (worker->pump() && Clock::now() < until) {
      pollfd fd{worker->output(), POLLIN, 0};
      poll(&fd, 1, 100);
    }
    worker->kill();
    while (worker->pump()) {
    }
    result_.canary_seen = worker->last_lines().find("CUPEL-FINDING") != std::string::npos;
    fs::remove_all(folder, error);
    if (!result_.canary_seen) return std::unexpected("the canary's planted failure was not found: this campaign would see nothing. It said:\n" + worker->last_lines());
    on_event_({{"event", "canary"}, {"seen", true}, {"executions", worker->progress().executions}});
    return {};
  }

  // The target that has had the least time and is not running.
  const std::string* next_target() {
    const std::string* best = nullptr;
    for (const std::string& target : targets_) {
      if (accounts_[target].running) continue;
      if (best == nullptr || accounts_[target].spent / parts_of(target) < accounts_[*best].spent / parts_of(*best)) best = &target;
    }
    return best;
  }

  Void sample(const Worker& worker, Clock::time_point begin) {
    const Account& account = accounts_[worker.target()];
    const Progress& now = worker.progress();
    const double seconds = before_seconds_ + std::chrono::duration<double>(Clock::now() - begin).count();
    const nlohmann::json line{{"seconds", seconds}, {"target", worker.target()}, {"executions", before_executions_[worker.target()] + account.executions + now.executions},
                              {"edges", std::max(account.edges, now.edges)}, {"corpus", now.loaded ? now.corpus : account.corpus}, {"rate", now.loaded ? now.rate : account.rate}};
    auto event = line;
    event["event"] = "progress";
    on_event_(event);
    return state_.append_sample(line);
  }

  Void finish(Worker& worker, Clock::time_point begin) {
    Account& account = accounts_[worker.target()];
    if (auto sampled = sample(worker, begin); !sampled) return sampled;
    account.spent += std::chrono::duration_cast<milliseconds>(Clock::now() - worker.started());
    account.executions += worker.progress().executions;
    account.edges = std::max(account.edges, worker.progress().edges);
    account.features = std::max(account.features, worker.progress().features);
    if (worker.progress().loaded) account.corpus = worker.progress().corpus, account.rate = worker.progress().rate;
    account.running = false;
    ++account.slices;
    if (worker.exit_status() == 127) return std::unexpected("cannot execute " + program(worker.target()).string());
    std::error_code error;
    if (worker.progress().executions == 0 && worker.exit_status() != 0 && !worker.asked_to_end() && fs::is_empty(state_.raw(worker.target()), error)) {
      return std::unexpected("target " + worker.target() + " ended before its first execution:\n" + worker.last_lines());
    }
    return look(worker.target());
  }

  Void run_slices() {
    const auto begin = Clock::now();
    const auto end = begin + options_.time;
    const auto jobs = std::max(1u, std::min<unsigned>(options_.jobs, static_cast<unsigned>(targets_.size())));
    int64_t parts = 0;
    for (const std::string& target : targets_) parts += parts_of(target);
    const auto slice_of = [&](const std::string& target) {
      return std::clamp<milliseconds>(options_.time * jobs * parts_of(target) / parts / 2, slice_time_min, milliseconds(60'000));
    };
    std::vector<Worker> running;
    auto next_sample = begin + milliseconds(1000);
    for (;;) {
      const auto now = Clock::now();
      const bool over = now >= end || options_.interrupted();
      while (!over && running.size() < jobs) {
        const std::string* target = next_target();
        if (target == nullptr) break;
        auto worker = start(*target);
        if (!worker) return std::unexpected(worker.error());
        accounts_[*target].running = true;
        running.push_back(std::move(*worker));
      }
      if (running.empty()) return {};
      wait_for_output(running);
      const bool sampling = Clock::now() >= next_sample;
      for (auto worker = running.begin(); worker != running.end();) {
        const bool alive = worker->pump();
        const Clock::duration age = Clock::now() - worker->started(), extra = worker->progress().loaded ? milliseconds(0) : loading_time_max;
        const Clock::duration slice = slice_of(worker->target()) + extra;
        if (alive && sampling) {
          if (auto sampled = sample(*worker, begin); !sampled) return sampled;
        }
        if (alive && (over || age >= slice)) worker->interrupt();
        if (alive && (over ? Clock::now() >= end + goodbye_time_max : age >= slice + goodbye_time_max)) worker->kill();
        if (alive) {
          ++worker;
          continue;
        }
        Worker done = std::move(*worker);
        worker = running.erase(worker);
        if (auto finished = finish(done, begin); !finished) return finished;
      }
      if (sampling) next_sample = Clock::now() + milliseconds(1000);
    }
  }

  // A report without a word of them would read as if they had found nothing.
  void name_who_had_no_turn() {
    std::string names;
    for (const std::string& target : targets_) {
      if (accounts_[target].slices == 0) names += (names.empty() ? "" : ", ") + target;
    }
    if (!names.empty()) on_event_({{"event", "warning"}, {"text", "the time was over before the turn of " + names + "; give more of it with --time"}});
  }

  static void wait_for_output(const std::vector<Worker>& running) {
    std::vector<pollfd> fds;
    for (const Worker& worker : running) fds.push_back({worker.output(), POLLIN, 0});
    poll(fds.data(), fds.size(), 100);
  }

  const CampaignOptions& options_;
  State state_;
  const std::function<void(const nlohmann::json&)>& on_event_;
  std::vector<std::string> targets_;
  std::map<std::string, Account> accounts_;
  CampaignResult result_;
  double before_seconds_ = 0;
  std::map<std::string, uint64_t> before_executions_;
};

}  // namespace

std::expected<CampaignResult, std::string> run_campaign(const CampaignOptions& options,
                                                        const std::function<void(const nlohmann::json&)>& on_event) {
  auto state = State::open(options.state);
  if (!state) return std::unexpected(state.error());
  return Campaign(options, std::move(*state), on_event).run();
}

}  // namespace cupel::fuzz
