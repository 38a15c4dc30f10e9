#include "fuzz/linux/oracles.hh"

#include <fmt/format.h>

#include <algorithm>

#include "fuzz/program/text.hh"
#include "fuzz/program/trace_print.hh"

namespace cupel::fuzz {
namespace {

using interface::Outcome;

props::Bounds bounds_of_world() {
  props::Bounds bounds;
  bounds.config = small_config();
  return bounds;
}

}  // namespace

LinuxJudge::LinuxJudge(Executor& executor, const Grammar& grammar, const LinuxOracles& oracles)
    : executor_(executor), grammar_(grammar), oracles_(oracles), model_(bounds_of_world()) {}

void LinuxJudge::begin(const Program& program, std::string* trace) {
  program_ = &program;
  trace_ = trace;
  finding_.reset();
  blind_ = false;
  if (oracles_.model) model_.reset();
}

void LinuxJudge::report(std::string oracle, size_t step, std::string expected, std::string got) {
  if (finding_) return;
  const std::string call = step < program_->steps.size() ? fmt::format("{}: {}", step, print_step(grammar_, *program_, step)) : "after the last call";
  finding_ = Finding{std::move(oracle), call, std::move(expected), std::move(got)};
  if (trace_ != nullptr) *trace_ += fmt::format("VIOLATION {}\n  expected: {}\n  got:      {}\n", finding_->oracle, finding_->expected, finding_->got);
}

void LinuxJudge::on_step(const StepReport& report) {
  if (trace_ != nullptr) {
    *trace_ += fmt::format("{:3} {}{}\n", report.index, trace_line(report.invocation, report.outcome), report.step.task == 0 ? "" : fmt::format("   ; task {}", report.step.task));
  }
  if (finding_) return;
  if (oracles_.errno_declared) judge_errno(report);
  if (oracles_.double_fetch) judge_fetches(report);
  if (oracles_.model) judge_by_model(report);
}

void LinuxJudge::judge_errno(const StepReport& report) {
  constexpr int64_t errno_max = 4095;
  if (report.outcome.kind != Outcome::Kind::returned || report.outcome.value >= 0 || report.outcome.value < -errno_max) return;
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
    if (std::ranges::count_if(report.layout.extents, names_it) > 1) continue;
    return this->report("double_fetch", report.index, "each byte of guest memory read once in a call", fmt::format("{} bytes at {:#x} read again", again.size, again.address));
  }
}

void LinuxJudge::judge_by_model(const StepReport& report) {
  // An argument that was read for two, and changed in between: the model saw one of the values only.
  const bool tampered = std::ranges::any_of(program_->tampers, [&](const Tamper& tamper) { return tamper.step == report.index; });
  blind_ = blind_ || (tampered && !report.watch.rereads().empty());
  if (blind_) return;
  if (report.mishaps.allocation) model_.expect_fault(props::Fault::allocation);
  if (report.mishaps.copy) model_.expect_fault(props::Fault::copy);
  if (report.mishaps.wait) model_.expect_fault(props::Fault::wait);
  if (report.mishaps.refusal) model_.expect_fault(props::Fault::refusal);
  if (auto mismatch = model_.step(report.invocation, report.outcome)) {
    this->report("model", report.index, mismatch->expected, fmt::format("{} (rule {})", mismatch->got, mismatch->rule));
  }
}

void LinuxJudge::at_rest() {
  if (finding_) return;
  if (oracles_.invariants) executor_.world().machine().check();
  if (!oracles_.lost_wakeup) return;
  for (const auto& forgotten : executor_.wake_for_nothing()) {
    report("lost_wakeup", forgotten.step, "asleep only while what it waits for has not happened", fmt::format("task {} went on once it was woken for nothing", forgotten.tid));
  }
}

}  // namespace cupel::fuzz
