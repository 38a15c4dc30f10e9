#include "fuzz/linux/oracles.hh"

#include <fmt/format.h>
#include <sys/syscall.h>

#include <algorithm>

#include "fuzz/linux/linearise.hh"
#include "fuzz/program/text.hh"
#include "fuzz/program/trace_print.hh"
#include "libos/base/check.hh"
#include "libos/base/page.hh"
#include "libos/fd/fd_table.hh"
#include "libos/fs/inode.hh"
#include "libos/mm/address_space.hh"

namespace cupel::fuzz {
namespace {

using interface::Outcome;

class FileContents final : public props::FileView {
 public:
  explicit FileContents(const libos::RegularFile& file) : file_(file) {}
  uint64_t size() const override { return file_.size(); }
  void read(uint64_t offset, std::span<std::byte> out) const override {
    for (size_t done = 0; done < out.size();) {
      const uint64_t at = offset + done;
      const auto part = out.subspan(done, std::min<size_t>(out.size() - done, page_size - at % page_size));
      const std::byte* page = file_.look(at / page_size).value_or(nullptr);  // here no file has a lower tree
      if (page == nullptr) std::ranges::fill(part, std::byte{0});
      else std::ranges::copy(std::span(page + at % page_size, part.size()), part.begin());
      done += part.size();
    }
  }

 private:
  const libos::RegularFile& file_;
};

// Where calls overlap, memory may be read in one order and judged in another.
props::Bounds bounds_of_world(Judging judging) {
  props::Bounds bounds;
  bounds.config = small_config();
  bounds.memory_is_known = judging == Judging::by_effect;
  return bounds;
}

// What each clock of the machine can have shown during the call; the mock's stop at the largest time there is.
props::Moment moment_of(const StepReport& report) {
  const auto by = [&](platform::Nanoseconds ahead) {
    const auto shown = [&](platform::Nanoseconds time) { return std::min(static_cast<uint64_t>(time) + static_cast<uint64_t>(ahead), static_cast<uint64_t>(INT64_MAX)); };
    return props::Span{shown(report.began), shown(report.now)};
  };
  return {.realtime = by(mock::MockPlatform::boot_realtime - mock::MockPlatform::boot_time), .monotonic = by(0)};
}

}  // namespace

LinuxJudge::LinuxJudge(Executor& executor, const Grammar& grammar, const LinuxOracles& oracles, Judging judging)
    : executor_(executor), grammar_(grammar), oracles_(oracles), judging_(judging), model_(bounds_of_world(judging)) {}

void LinuxJudge::begin(const Program& program, std::string* trace) {
  program_ = &program;
  trace_ = trace;
  finding_.reset();
  disagreement_.reset();
  blind_ = false;
  phase_ = Phase::running;
  history_.clear();
  if (asks_model()) model_.reset();
}

void LinuxJudge::before_step(size_t index, const interface::Invocation&) {
  if (judging_ == Judging::by_history) history_.open(index);
}

void LinuxJudge::report(std::string oracle, size_t step, std::string expected, std::string got) {
  if (finding_) return;
  const std::string call = step < program_->steps.size() ? fmt::format("{}: {}", step, print_step(grammar_, *program_, step)) : "after the last call";
  finding_ = Finding{std::move(oracle), call, std::move(expected), std::move(got)};
  if (trace_ != nullptr) *trace_ += fmt::format("VIOLATION {}\n  expected: {}\n  got:      {}\n", finding_->oracle, finding_->expected, finding_->got);
}

void LinuxJudge::on_step(const StepReport& report) {
  if (trace_ != nullptr && phase_ != Phase::asked) {
    *trace_ += fmt::format("{:3} {}{}\n", report.index, trace_line(report.invocation, report.outcome), report.step.task == 0 ? "" : fmt::format("   ; task {}", report.step.task));
  }
  if (finding_) return;
  if (oracles_.errno_declared) judge_errno(report);
  if (oracles_.double_fetch) judge_fetches(report);
  if (asks_model()) judge_by_model(report);
}

void LinuxJudge::judge_errno(const StepReport& report) {
  constexpr int64_t errno_max = 4095;
  if (report.outcome.kind != Outcome::Kind::returned || report.outcome.value >= 0 || report.outcome.value < -errno_max) return;
  if (report.invocation.desc->number == SYS_rt_sigreturn) return;  // what it is worth is in the frame
  const auto error = static_cast<Errno>(-report.outcome.value);
  const auto& declared = report.invocation.desc->errnos;
  if (std::ranges::find(declared, error) != declared.end()) return;
  // What a plan brings about may happen to any call.
  if (error == Errno::nomem && report.mishaps.allocation) return;
  if (error == Errno::intr && report.mishaps.wait) return;
  if (error == Errno::fault && report.mishaps.copy) return;
  if (report.mishaps.refusal) return;
  std::string all;
  for (const Errno one : declared) all += fmt::format("{}{}", all.empty() ? "" : " ", errno_name(one));
  this->report("errno", report.index, "success or one of " + all, std::string(errno_name(error)));
}

void LinuxJudge::judge_fetches(const StepReport& report) {
  for (const mock::GuestAccess& again : report.watch.rereads()) {
    // Bytes which two arguments name are read once for each.
    const auto names_it = [&](const Extent& extent) { return extent.address < again.address + again.size && again.address - std::min(again.address, extent.address) < extent.size; };
    int64_t named = std::ranges::count_if(report.layout.extents, names_it);
    // An address of which nobody says how much lies there is that of a small thing.
    constexpr uint64_t small_size = 16;
    const auto args = report.invocation.desc->args();
    for (size_t at = 0; at < args.size(); ++at) {
      if (args[at].kind == interface::Kind::address) named += names_it({report.layout.registers[args[at].reg], small_size, true, false});
    }
    if (named > 1) continue;
    return this->report("double_fetch", report.index, "each byte of guest memory read once in a call", fmt::format("{} bytes at {:#x} read again", again.size, again.address));
  }
}

void LinuxJudge::judge_by_model(const StepReport& report) {
  // An argument that was read for two, and changed in between: the model saw one of the values only.
  const bool tampered = std::ranges::any_of(program_->tampers, [&](const Tamper& tamper) { return tamper.step == report.index; });
  blind_ = blind_ || (tampered && !report.watch.rereads().empty());
  if (blind_) return;
  if (judging_ == Judging::by_history && phase_ == Phase::running) history_.add(report);
  // Who is woken for nothing and sleeps on has been judged already.
  if (disagreement_ || (phase_ == Phase::woken && report.outcome.kind == Outcome::Kind::blocked)) return;
  expect(model_, report.mishaps);
  Outcome seen = report.outcome;
  if (!report.alone) {
    // Arguments outside of the call's own slot may lie where others have stored meanwhile.
    model_.expect_others();
    const bool has_own = !seen.slots.empty() && seen.slots.front().address == report.layout.base;
    seen.slots = seen.slots.first(has_own ? 1 : 0);
  }
  model_.expect_time(moment_of(report));
  if (auto mismatch = model_.step(report.invocation, seen)) judge_mismatch(report, std::move(*mismatch));
}

void LinuxJudge::judge_mismatch(const StepReport& report, props::Mismatch mismatch) {
  const std::string got = fmt::format("{} (rule {})", mismatch.got, mismatch.rule);
  disagreement_ = {report.index, std::move(mismatch)};
  if (phase_ == Phase::asked) return this->report("liveness", report.index, disagreement_->mismatch.expected, "asleep for ever");
  // Where calls overlapped, the order of effect is only one of those possible.
  if (judging_ == Judging::by_history && !history_.sequential()) return;
  if (oracles_.model) this->report("model", report.index, disagreement_->mismatch.expected, got);
}

void LinuxJudge::at_rest() {
  if (finding_) return;
  if (disagreement_ && !blind_) judge_history();
  if (!finding_) judge_rest();
}

// The order of effect has failed; one that explains the whole history will do.
void LinuxJudge::judge_history() {
  if (judging_ != Judging::by_history || history_.sequential() || !oracles_.linearisable) return;
  const Linearisation found = linearise(history_.pieces(), model_, search_steps_max);
  if (found.verdict == Linearisation::Verdict::explained) {
    CHECK(keeps_real_time(history_.pieces(), found.order));
    return disagreement_.reset();  // and the model stands behind the last piece
  }
  report("linearisable", disagreement_->step, disagreement_->mismatch.expected + ", or any other order of the calls that overlapped",
         fmt::format("{} (rule {}; {} after {} steps of the model)", disagreement_->mismatch.got, disagreement_->mismatch.rule,
                     found.verdict == Linearisation::Verdict::unexplained ? "no order fits" : "no order fitted", found.steps));
}

void LinuxJudge::judge_rest() {
  const mock::MockPlatform& platform = executor_.world().platform();
  if (executor_.stuck()) {
    if (!oracles_.liveness) return;
    const auto waiting = platform.waiting_for_lock();
    return report("liveness", SIZE_MAX, "all tasks end, sleep or run out of steps",
                  waiting.empty() ? "tasks which go on for ever, or though they were killed" : fmt::format("task {} waits for the machine lock, which nobody will release", waiting.front().tid));
  }
  if (oracles_.invariants) executor_.world().machine().check();
  phase_ = Phase::asked;
  if (asks_model() && oracles_.liveness && !blind_ && !disagreement_) executor_.report_sleepers();
  phase_ = Phase::woken;
  if (finding_) return;
  if (oracles_.lost_wakeup) {
    for (const auto& forgotten : executor_.wake_for_nothing()) {
      report("lost_wakeup", forgotten.step, "asleep only while what it waits for has not happened", fmt::format("task {} went on once it was woken for nothing", forgotten.tid));
    }
  }
  if (oracles_.model && judging_ == Judging::by_effect && !finding_ && !blind_ && !disagreement_) judge_memory();
}

// What programs have left in memory, though no call may ever look at it again.
void LinuxJudge::judge_memory() {
  mock::MockPlatform& platform = executor_.world().platform();
  GuestView view(platform);
  const libos::AddressSpace* last = nullptr;
  for (const libos::Task& task : executor_.world().machine().tasks()) {
    if (task.state() != libos::Task::State::running) continue;
    judge_files(task);
    if (finding_) return;
    if (&task.space() == last) continue;
    last = &task.space();
    pages_.clear();
    platform.memory().each_installed(task.space().id(), [&](uint64_t number) { pages_.push_back(number * page_size); });
    view.set(&task, {});
    if (const auto mismatch = model_.look_at_memory(task.tid(), view, pages_)) {
      return report("model", SIZE_MAX, fmt::format("in the memory of task {}, {}", task.tid(), mismatch->expected), mismatch->got);
    }
  }
}

void LinuxJudge::judge_files(const libos::Task& task) {
  const libos::Inode* last = nullptr;
  for (uint32_t number = 0; number < task.fds().slot_count(); ++number) {
    const libos::OpenFile* file = task.fds().at(number);
    const libos::Inode* inode = file == nullptr ? nullptr : file->inode();
    if (inode == nullptr || inode == last || !inode->is_regular()) continue;
    last = inode;
    const FileContents contents(static_cast<const libos::RegularFile&>(*inode));
    if (const auto mismatch = model_.look_at_file(task.tid(), static_cast<int32_t>(number), contents)) {
      return report("model", SIZE_MAX, fmt::format("in file {} of task {}, {}", number, task.tid(), mismatch->expected), mismatch->got);
    }
  }
}

}  // namespace cupel::fuzz
