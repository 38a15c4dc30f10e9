#include "fuzz/linux/linux_target.hh"

#include <array>
#include <utility>

#include "shims/linux/shim.hh"

namespace cupel::fuzz {
namespace {

constexpr std::array<std::pair<std::string_view, bool LinuxOracles::*>, 7> switches{{
    {"invariants", &LinuxOracles::invariants},
    {"model", &LinuxOracles::model},
    {"errno", &LinuxOracles::errno_declared},
    {"double_fetch", &LinuxOracles::double_fetch},
    {"leak", &LinuxOracles::leak},
    {"uninitialised", &LinuxOracles::uninitialised},
    {"lost_wakeup", &LinuxOracles::lost_wakeup},
}};
constexpr auto oracle_names = [] {
  std::array<std::string_view, switches.size()> names;
  for (size_t index = 0; index < names.size(); ++index) names[index] = switches[index].first;
  return names;
}();

// Does to the second run what the judge does to the first, and looks at nothing.
class WokenAlike final : public Observer {
 public:
  WokenAlike(Executor& executor, bool wakes) : executor_(executor), wakes_(wakes) {}
  void on_step(const StepReport&) override {}
  void at_rest() override {
    if (wakes_) executor_.wake_for_nothing();
  }

 private:
  Executor& executor_;
  bool wakes_;
};

constexpr std::byte other_fill{0xc3};  // what fresh memory holds in the second run

}  // namespace

LinuxTarget::LinuxTarget(std::string_view name, std::optional<Scheduling> scheduling)
    : ProgramTarget(linux_shim::description()), name_(name), scheduling_(scheduling), judge_(executor_, grammar(), oracles_) {}

std::span<const std::string_view> LinuxTarget::oracles() const { return oracle_names; }

bool LinuxTarget::disable_oracle(std::string_view oracle) {
  for (const auto& [name, member] : switches) {
    if (name != oracle) continue;
    oracles_.*member = false;
    return true;
  }
  return false;
}

std::string LinuxTarget::trace(ByteView input) {
  std::string text;
  execute(input, &text);
  return text;
}

Run LinuxTarget::execute(ByteView input, std::string* trace) {
  const Program& program = decoded(input);
  judge_.begin(program, trace);
  RunOptions options{.take_down = oracles_.leak};
  if (scheduling_ && program.scheduling == Scheduling::in_order) options.scheduling = *scheduling_;
  const RunResult first = executor_.run(program, options, &judge_);
  if (oracles_.leak && !first.came_back_clean) judge_.report("leak", SIZE_MAX, "an arena as empty as before boot", "memory nobody holds");
  if (oracles_.uninitialised && !judge_.finding()) {
    const std::vector<uint64_t> hashes(executor_.step_hashes().begin(), executor_.step_hashes().end());
    options.fill = other_fill;
    WokenAlike observer(executor_, oracles_.lost_wakeup);
    const RunResult second = executor_.run(program, options, &observer);
    if (second.trace_hash != first.trace_hash) {
      size_t step = 0;
      while (step < hashes.size() && hashes[step] == executor_.step_hashes()[step]) ++step;
      judge_.report("uninitialised", step, "the same whatever fresh memory holds", "an outcome that depends on it");
    }
  }
  Run run;
  run.trace_hash = first.trace_hash;
  run.finding = judge_.finding();
  return run;
}

}  // namespace cupel::fuzz
