#include "fuzz/host/three_way.hh"

#include <fmt/format.h>
#include <sys/personality.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>

#include "fuzz/program/text.hh"
#include "fuzz/program/trace_print.hh"

namespace cupel::host {
namespace {

using interface::Outcome;

constexpr std::string_view waits = "waits for something that does not happen";
constexpr std::string_view no_room = "longer than the kernel's side has room for";
constexpr std::string_view leftovers = "reads more than it was given, and so what earlier calls left";
constexpr std::string_view unpredictable = "puts unpredictable bytes where later calls find them";
constexpr size_t program_room = size_t{2} << 20;  // bytes

props::Bounds bounds(uint32_t ids_max) {
  props::Bounds all;
  all.config = fuzz::small_config();
  all.memory_is_known = true;
  all.ids_max = ids_max;
  return all;
}

// The program without what only the mock can do.
void make_plain(fuzz::Program& program) {
  program.faults.clear();
  program.tampers.clear();
  program.policy = fuzz::Policy::allow_all;
  program.scheduling = fuzz::Scheduling::in_order;
}

}  // namespace

// Records a run on libos while the model judges it and the kernel's batch is written.
class ThreeWay::LibosRun final : public fuzz::Observer {
 public:
  LibosRun(ThreeWay& owner, Case& entry, Batch& batch) : owner_(owner), entry_(entry), batch_(batch) {}

  void on_step(const fuzz::StepReport& report) override {
    if (closed_) return;
    if (report.outcome.kind == Outcome::Kind::blocked && report.invocation.tid == owner_.limits_.first_task) {
      // It may still come back, when nothing else goes on and time passes.
      judge_by_model(report, entry_.recording.calls().size());
      waiting_ = true;
      waiting_step_ = report.index;
      return;
    }
    if (waiting_ && report.index != waiting_step_) return close();
    waiting_ = false;
    entry_.recording.add(report);
    const RecordedCall& call = entry_.recording.calls().back();
    if (owner_.tracing_) entry_.lines.push_back(fuzz::trace_line(report.invocation, report.outcome));
    const Translation translation = translate(call, owner_.limits_);
    entry_.altered.push_back(translation.timeout != 0);
    entry_.not_comparable.push_back(translation.not_comparable);
    if (translation.ends) {
      entry_.ends = true;
      closed_ = true;
      return;
    }
    judge_by_model(report, entry_.recording.calls().size() - 1);
    if (!encode(call, translation, batch_)) {
      entry_.not_comparable.back() = no_room;
      entry_.ends = true;
      closed_ = true;
      return;
    }
    closed_ = translation.is_last;
    slots_end_ = std::max(slots_end_, call.slots_end);
    batch_.set_slots_used(static_cast<uint32_t>(slots_end_ - fuzz::slots_base));
  }

  // No more reports, or none that count.
  void close() {
    if (!closed_ && waiting_) ++owner_.tally_.not_comparable[waits];
    closed_ = true;
  }

 private:
  void judge_by_model(const fuzz::StepReport& report, size_t call) {
    if (entry_.model.call != SIZE_MAX) return;
    if (auto mismatch = owner_.model_->step(report.invocation, report.outcome)) entry_.model = {call, std::move(*mismatch)};
  }

  ThreeWay& owner_;
  Case& entry_;
  Batch& batch_;
  bool closed_ = false;
  bool waiting_ = false;  // a call of the first task sleeps
  size_t waiting_step_ = 0;
  uint64_t slots_end_ = fuzz::slots_base;
};

// Runs a program on libos again, for its memory, while the model is shown what the kernel answered.
class ThreeWay::KernelRun final : public fuzz::Observer {
 public:
  KernelRun(ThreeWay& owner, const Case& entry, const Batch& batch, size_t program, size_t calls)
      : owner_(owner), entry_(entry), batch_(batch), program_(program), calls_(calls) {}

  void on_step(const fuzz::StepReport& report) override {
    if (report.outcome.kind == Outcome::Kind::blocked) {
      if (next_ < calls_) static_cast<void>(owner_.kernel_model_->step(report.invocation, report.outcome));
      return;
    }
    const size_t call = next_++;
    if (call >= calls_ || says_.call != SIZE_MAX || !entry_.not_comparable[call].empty()) return;
    if (std::ranges::find(owner_.both_failed_, call) != owner_.both_failed_.end()) return;  // known to differ, and changed nothing in either world
    const size_t slots = report.outcome.slots.size();
    slots_.clear(), bytes_.resize(std::max(bytes_.size(), slots));
    for (size_t slot = 0; slot < slots; ++slot) {
      const interface::Slot& ours = report.outcome.slots[slot];
      const auto before = batch_.before(program_, call, slot), after = batch_.after(program_, call, slot);
      auto& bytes = bytes_[slot];
      bytes.assign(ours.before.begin(), ours.before.end());
      for (size_t at = 0; at < bytes.size(); ++at) {
        if (after[at] != before[at]) bytes[at] = after[at];
      }
      hide_sandbox(report.invocation, ours, bytes);
      slots_.push_back({ours.address, ours.before, bytes});
    }
    const Outcome outcome{report.outcome.kind, batch_.answer(program_, call).value, slots_};
    if (auto mismatch = owner_.kernel_model_->step(report.invocation, outcome)) says_ = {call, std::move(*mismatch)};
  }

  ModelSays result() && { return std::move(says_); }

 private:
  ThreeWay& owner_;
  const Case& entry_;
  const Batch& batch_;
  size_t program_, calls_;
  size_t next_ = 0;
  std::vector<interface::Slot> slots_;
  std::vector<std::vector<std::byte>> bytes_;
  ModelSays says_;
};

ThreeWay::ThreeWay(Audience audience) : audience_(std::move(audience)), grammar_(executor_.interface()) { tally_.known.resize(KnownDifferences::project().lines().size()); }

std::expected<std::unique_ptr<ThreeWay>, std::string> ThreeWay::start(Audience audience) {
  std::unique_ptr<ThreeWay> made(new ThreeWay(std::move(audience)));
  std::vector<uint16_t> calls;
  for (const interface::CallDesc& desc : made->executor_.interface().calls) calls.push_back(desc.number);
  auto kernel = Kernel::start(fuzz::small_config(), calls);
  if (!kernel) return std::unexpected(kernel.error());
  made->kernel_ = std::move(*kernel);
  const props::Bounds libos_bounds;
  made->limits_ = {fuzz::small_config(), libos_bounds.first_task, made->kernel_->ids_max()};
  made->model_ = std::make_unique<props::Model>(bounds(libos_bounds.ids_max));
  props::Bounds kernel_bounds = bounds(made->kernel_->ids_max());
  kernel_bounds.sleeps_last = false;
  kernel_bounds.nice = getpriority(PRIO_PROCESS, 0);
  kernel_bounds.persona = static_cast<uint32_t>(personality(UINT32_MAX));
  kernel_bounds.failures_show = true;
  kernel_bounds.memory_is_known = false;  // it is libos's
  made->kernel_model_ = std::make_unique<props::Model>(kernel_bounds);
  return made;
}

bool ThreeWay::disable_oracle(std::string_view oracle) {
  const auto found = std::ranges::find(oracles, oracle);
  if (found == oracles.end()) return false;
  enabled_[static_cast<size_t>(found - oracles.begin())] = false;
  return true;
}

std::expected<void, std::string> ThreeWay::add(fuzz::Program&& program) {
  Lane& lane = lanes_[filling_];
  Batch& batch = kernel_->batch(filling_);
  if (lane.cases.size() == lane.count) lane.cases.emplace_back();
  Case& entry = lane.cases[lane.count++];
  entry.program = std::move(program);
  make_plain(entry.program);
  entry.recording.clear(), entry.not_comparable.clear(), entry.altered.clear();
  entry.model = {};
  entry.ends = false;
  entry.lines.clear();
  if (!batch.begin()) return std::unexpected(std::string("a batch without room"));  // never: turn() leaves some
  model_->reset();
  LibosRun run(*this, entry, batch);
  const auto result = executor_.run(entry.program, {.take_down = false}, &run);
  run.close();
  entry.trace_hash = result.trace_hash;
  entry.steps_made = result.steps_made;
  if (lane.count < batch_programs_max_ && batch.room() >= program_room) return {};
  return turn();
}

bool ThreeWay::encode(const RecordedCall& call, const Translation& translation, Batch& batch) {
  std::array<SlotInput, 16> slots;
  size_t count = 0;
  for (const interface::Slot& slot : call.slots) {
    if (count == slots.size()) return false;
    slots[count] = {slot.address, slot.before, count == 0 ? Content::given : Content::found};
    ++count;
  }
  for (const fuzz::Store& store : call.stores) {
    if (count == slots.size()) return false;
    slots[count++] = {store.address, store.bytes};
  }
  if (!batch.add(translation.record, std::span(slots).first(count))) return false;
  if (translation.timeout != 0) {
    constexpr size_t timespec_size = 16;
    for (size_t slot = 0; slot < count; ++slot) {
      const SlotInput& place = slots[slot];
      if (translation.timeout < place.address || translation.timeout - place.address + timespec_size > place.bytes.size()) continue;
      std::memset(&batch.input(slot)[translation.timeout - place.address], 0, timespec_size);
    }
  }
  return true;
}

// Hands the lane that was filled to the kernel, and goes on with the other when that has been judged.
std::expected<void, std::string> ThreeWay::turn() {
  const size_t other = 1 - filling_;
  if (running_) {
    if (auto done = kernel_->finish(kernel_->batch(other)); !done) return done;
  }
  kernel_->submit(kernel_->batch(filling_));
  if (running_) collect(other);
  running_ = true;
  filling_ = other;
  return {};
}

std::expected<void, std::string> ThreeWay::finish() {
  if (lanes_[filling_].count > 0) {
    if (auto turned = turn(); !turned) return turned;
  }
  if (!running_) return {};
  const size_t last = 1 - filling_;
  if (auto done = kernel_->finish(kernel_->batch(last)); !done) return done;
  running_ = false;
  collect(last);
  return {};
}

void ThreeWay::collect(size_t index) {
  Lane& lane = lanes_[index];
  for (size_t program = 0; program < lane.count; ++program) {
    Case& entry = lane.cases[program];
    const Judgement judgement = judge(entry, kernel_->batch(index), program);
    if (judgement.finding) ++tally_.findings;
    if (tracing_) note_answers(entry, kernel_->batch(index), program);
    audience_(entry.program, judgement);
  }
  lane.count = 0;
  kernel_->batch(index).clear();
}

void ThreeWay::note_answers(Case& entry, const Batch& batch, size_t program) {
  entry.kernel_said.clear();
  for (size_t call = 0; call < entry.lines.size(); ++call) {
    const Answer answer = call < batch.call_count(program) ? batch.answer(program, call) : Answer{State::not_made, 0};
    switch (answer.state) {
      case State::not_made: entry.kernel_said.emplace_back("not asked"); break;
      case State::returned: entry.kernel_said.push_back(value_text(answer.value)); break;
      case State::blocked: entry.kernel_said.emplace_back("does not return"); break;
      case State::died: entry.kernel_said.emplace_back("the process does not survive it"); break;
    }
  }
}

Judgement ThreeWay::judge(const Case& entry, const Batch& batch, size_t program) {
  Judgement judgement{entry.trace_hash, std::nullopt};
  ++tally_.programs;
  comparison_.reset();
  both_failed_.clear();
  const auto calls = entry.recording.calls();
  size_t compared = 0, call = 0, agreed = SIZE_MAX;
  for (; call < calls.size(); ++call) {
    const RecordedCall& libos = calls[call];
    if (!entry.not_comparable[call].empty()) {
      ++tally_.not_comparable[entry.not_comparable[call]];
      comparison_.skip();
      const bool last = call + 1 == calls.size() && entry.ends;
      if (!last && call < entry.model.call) continue;
      break;
    }
    if (libos.reads_beyond && comparison_.slots_differ()) {
      ++tally_.not_comparable[leftovers];
      break;
    }
    const Answer answer = batch.answer(program, call);
    if (answer.state == State::not_made) break;
    ++compared;
    if (entry.altered[call]) comparison_.skip();
    std::optional<Difference> difference;
    if (answer.state == State::blocked) difference = Difference{false, value_text(libos.value), "does not return"};
    else if (answer.state == State::died) difference = Difference{false, value_text(libos.value), "the process does not survive it"};
    else difference = comparison_.compare(libos, {answer.value, &batch, program, call});
    if (difference) {
      judgement.finding = judge_difference(entry, batch, program, call, *difference);
      const bool both_failed = !judgement.finding && libos.failed() && KernelCall{answer.value, nullptr, 0, 0}.failed();
      if (both_failed) both_failed_.push_back(call);
      else agreed = std::min(agreed, call);
      const bool kernel_failed = KernelCall{answer.value, nullptr, 0, 0}.failed();
      // Another count, say, and what comes later may depend on it.
      const bool parted = libos.failed() != kernel_failed || (!kernel_failed && libos.value != answer.value);
      if (judgement.finding || parted) break;
    } else if (call == entry.model.call) {
      if (enabled_[1]) {
        judgement.finding = finding(entry, call, "model_host", fmt::format("{} (as the kernel and libos have it)", value_text(answer.value)),
                                    fmt::format("the model allows only: {}", entry.model.mismatch.expected));
      }
      break;
    }
    if (comparison_.unpredictable()) {
      ++tally_.not_comparable[unpredictable];
      break;
    }
  }
  tally_.calls += entry.steps_made;
  tally_.compared += compared;
  tally_.not_reached += entry.steps_made - std::min<uint64_t>(entry.steps_made, call + (call < calls.size() ? 1 : 0));
  if (!judgement.finding && kernel_every_ != 0 && tally_.programs % kernel_every_ == 0) {
    ++tally_.kernel_by_model;
    if (const ModelSays says = judge_kernel(entry, batch, program, std::min(call, agreed)); says.call != SIZE_MAX && enabled_[1]) {
      judgement.finding = finding(entry, says.call, "model_host", says.mismatch.got, fmt::format("the model allows only: {}", says.mismatch.expected));
    }
  }
  return judgement;
}

// A difference between libos and the kernel: known, or somebody's fault; the model's word says whose.
std::optional<fuzz::Finding> ThreeWay::judge_difference(const Case& entry, const Batch& batch, size_t program, size_t call, const Difference& difference) {
  const RecordedCall& libos = entry.recording.calls()[call];
  const Answer answer = batch.answer(program, call);
  const bool returned = answer.state == State::returned;
  const uint64_t unmodelled = kernel_model_->unmodelled();
  const bool kernel_allowed = returned && judge_kernel(entry, batch, program, call + 1).call > call;
  const bool judged = kernel_model_->unmodelled() == unmodelled;
  const bool libos_allowed = call != entry.model.call;
  const auto kernel_value = returned ? std::optional(answer.value) : std::nullopt;
  const auto known = KnownDifferences::project().find(
      {libos.desc->name, libos.registers, libos.value, kernel_value, difference.in_bytes, judged && libos_allowed && kernel_allowed});
  if (known) {
    ++tally_.known[*known];
    return std::nullopt;
  }
  if (!enabled_[0]) return std::nullopt;
  const std::string_view verdict = !judged          ? "the model has no rule for it"
                                   : kernel_allowed ? (libos_allowed ? "the model allows both" : "the model agrees: libos is the odd one out")
                                                  : (libos_allowed ? "the model agrees with libos" : "the model allows neither");
  return finding(entry, call, "host", fmt::format("{} (kernel; {})", difference.kernel, verdict), fmt::format("{} (libos)", difference.libos));
}

ThreeWay::ModelSays ThreeWay::judge_kernel(const Case& entry, const Batch& batch, size_t program, size_t calls) {
  kernel_model_->reset();
  KernelRun run(*this, entry, batch, program, calls);
  executor_.run(entry.program, {.take_down = false}, &run);
  return std::move(run).result();
}

fuzz::Finding ThreeWay::finding(const Case& entry, size_t call, std::string_view oracle, std::string kernel, std::string libos) const {
  const RecordedCall& made = entry.recording.calls()[call];
  return {std::string(oracle), fmt::format("{}: {}", made.step, fuzz::print_step(grammar_, entry.program, made.step)), std::move(kernel), std::move(libos)};
}

std::string ThreeWay::trace(const fuzz::Program& program) {
  tracing_ = true;
  std::string text;
  const auto failed = [&](const std::string& error) { return text + "the kernel's side: " + error + "\n"; };
  fuzz::Program copy = program;
  if (auto added = add(std::move(copy)); !added) return failed(added.error());
  const size_t lane = lanes_[filling_].count > 0 ? filling_ : 1 - filling_;
  const Case& entry = lanes_[lane].cases.front();
  if (auto done = finish(); !done) return failed(done.error());
  tracing_ = false;
  for (size_t call = 0; call < entry.lines.size(); ++call) {
    const RecordedCall& libos = entry.recording.calls()[call];
    text += fmt::format("{}: {}", libos.step, entry.lines[call]);
    if (!entry.not_comparable[call].empty()) text += fmt::format("    ; not compared: {}", entry.not_comparable[call]);
    else if (entry.kernel_said[call] != value_text(libos.value)) text += fmt::format("    ; kernel: {}", entry.kernel_said[call]);
    text += '\n';
  }
  return text;
}

}  // namespace cupel::host
