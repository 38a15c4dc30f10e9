#include "fuzz/linux/linux_target.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "fuzz/linux/meetings.hh"
#include "fuzz/linux/signal_interface.hh"
#include "fuzz/program/codec.hh"
#include "fuzz/program/text.hh"
#include "libos/base/check.hh"
#include "shims/linux/shim.hh"

namespace cupel::fuzz {
namespace {

constexpr std::array<std::pair<std::string_view, bool LinuxOracles::*>, 11> switches{{
    {"invariants", &LinuxOracles::invariants},
    {"model", &LinuxOracles::model},
    {"linearisable", &LinuxOracles::linearisable},
    {"errno", &LinuxOracles::errno_declared},
    {"double_fetch", &LinuxOracles::double_fetch},
    {"atomic", &LinuxOracles::atomic},
    {"leak", &LinuxOracles::leak},
    {"uninitialised", &LinuxOracles::uninitialised},
    {"lost_wakeup", &LinuxOracles::lost_wakeup},
    {"liveness", &LinuxOracles::liveness},
    {"signals", &LinuxOracles::signals},
}};
constexpr std::byte other_fill{0xc3};  // what fresh memory holds in the second run

// Whether that judge has anything to say there.
bool judges(LinuxTarget::Kind kind, std::string_view oracle) {
  if (oracle == "linearisable") return kind == LinuxTarget::Kind::concurrent;
  if (oracle == "model") return kind != LinuxTarget::Kind::signals;
  return oracle != "signals" || kind == LinuxTarget::Kind::signals;
}

}  // namespace

LinuxTarget::LinuxTarget(std::string_view name, Kind kind)
    : ProgramTarget(kind == Kind::signals ? signal_interface() : linux_shim::description()),
      name_(name),
      kind_(kind),
      executor_(grammar().interface(), kind == Kind::signals ? config_with_signals() : small_config()),
      judge_(executor_, grammar(), oracles_, kind == Kind::concurrent ? Judging::by_history : kind == Kind::signals ? Judging::without_model : Judging::by_effect),
      second_run_(executor_),
      signal_watch_(executor_, [this](size_t step, const props::SignalMismatch& wrong) { judge_.report("signals", step, wrong.expected, wrong.got); }) {
  for (const auto& one : switches) {
    if (judges(kind, one.first)) oracle_names_.push_back(one.first);
    else oracles_.*one.second = false;
  }
}

bool LinuxTarget::disable_oracle(std::string_view oracle) {
  for (const auto& [name, member] : switches) {
    if (name != oracle || std::ranges::find(oracle_names_, name) == oracle_names_.end()) continue;
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

Bytes LinuxTarget::generate(uint32_t seed) {
  Random random(seed);
  if (kind_ != Kind::concurrent || random.one_in(2)) return ProgramTarget::generate(seed);
  const auto meeting = fuzz::parse(grammar(), random.pick(meetings()));
  CHECK(meeting.has_value());
  Program program = meeting->program;
  program.scheduling = random.one_in(2) ? Scheduling::pct : Scheduling::random;
  program.seed = static_cast<uint32_t>(random.next());
  program.pct_depth = static_cast<uint8_t>(random.between(1, 4));
  Mutator mutator(grammar());
  for (uint32_t left = random.below(6); left > 0; --left) mutator.mutate(random, program);
  Bytes out;
  encode(grammar(), program, out);
  return out;
}

Run LinuxTarget::execute(ByteView input, std::string* trace) {
  const Program& program = decoded(input);
  judge_.begin(program, trace);
  second_run_.forget();
  RunOptions options{.take_down = oracles_.leak};
  if (kind_ == Kind::concurrent && program.scheduling == Scheduling::in_order) options.scheduling = Scheduling::pct;
  if (oracles_.signals) signal_watch_.begin();
  struct All final : Observer {
    explicit All(LinuxTarget& target) : target(target) {}
    void before_step(size_t index, const interface::Invocation& invocation) override {
      target.judge_.before_step(index, invocation);
      if (target.oracles_.signals) target.signal_watch_.before_step(index, invocation);
    }
    void on_step(const StepReport& report) override {
      if (failed_alone(report)) target.second_run_.note_failure(report);
      target.judge_.on_step(report);
      if (target.oracles_.signals) target.signal_watch_.on_step(report);
    }
    void on_return(const GuestReturn& way) override {
      if (target.oracles_.signals) target.signal_watch_.on_return(way);
    }
    void at_rest() override {
      if (target.oracles_.signals) target.signal_watch_.at_rest();
      target.judge_.at_rest();
    }
    LinuxTarget& target;
  } all(*this);
  const RunResult first = executor_.run(program, options, &all);
  if (trace != nullptr) *trace += promise(options.scheduling.value_or(program.scheduling));
  if (oracles_.liveness && !first.unwound) judge_.report("liveness", SIZE_MAX, "calls come back once their tasks are killed", "some did not");
  if (oracles_.leak && !first.came_back_clean) judge_.report("leak", SIZE_MAX, "an arena as empty as before boot", "memory nobody holds");
  if ((oracles_.uninitialised || oracles_.atomic) && !judge_.finding()) run_again(program, options, first);
  Run run;
  run.trace_hash = first.trace_hash;
  run.finding = judge_.finding();
  return run;
}

// With other bytes in fresh memory, and an eye on the calls which fail.
void LinuxTarget::run_again(const Program& program, RunOptions options, const RunResult& first) {
  const std::vector<uint64_t> hashes(executor_.step_hashes().begin(), executor_.step_hashes().end());
  options.fill = other_fill;
  second_run_.begin(oracles_.lost_wakeup, oracles_.atomic);
  const RunResult second = executor_.run(program, options, &second_run_);
  if (oracles_.uninitialised && second.trace_hash != first.trace_hash) {
    size_t step = 0;
    while (step < hashes.size() && hashes[step] == executor_.step_hashes()[step]) ++step;
    judge_.report("uninitialised", step, "the same whatever fresh memory holds", "an outcome that depends on it");
  }
  if (const auto& change = second_run_.change()) {
    judge_.report("atomic", change->step, "a call that fails changes nothing", fmt::format("{}, and {}", errno_name(change->error), change->what));
  }
}

// What the schedule promises to whoever tries many seeds.
std::string LinuxTarget::promise(Scheduling scheduling) const {
  if (scheduling != Scheduling::pct) return {};
  const mock::Scheduler& scheduler = executor_.world().platform().scheduler();
  return fmt::format("PCT: {} tasks, {} preemption points: a bug of depth {} shows with a probability of at least {:.3g}\n", scheduler.tasks(), scheduler.points(),
                     scheduler.depth(), scheduler.pct_bound());
}

}  // namespace cupel::fuzz
