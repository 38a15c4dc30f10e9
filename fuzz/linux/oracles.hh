#pragma once
#include <optional>
#include <string>
#include <vector>

#include "fuzz/linux/executor.hh"
#include "fuzz/linux/history.hh"
#include "fuzz/program/grammar.hh"
#include "fuzz/target.hh"
#include "props/model/model.hh"

namespace cupel::fuzz {

// Which judges are on. Each looks at the outcome of every call, or at the machine when all has come to rest.
struct LinuxOracles {
  bool invariants = true;     // the machine's structures are whole
  bool model = true;          // the outcome is one that the specification allows
  bool linearisable = true;   // some order of overlapping calls is; only where Judging::by_history
  bool errno_declared = true; // an error is one of those the call's line in the table declares
  bool double_fetch = true;   // no byte of guest memory is read twice in one call
  bool atomic = true;         // a failed call has changed nothing
  bool leak = true;           // after the last task the arena is as empty as before boot
  bool uninitialised = true;  // nothing observable depends on what fresh memory held
  bool lost_wakeup = true;    // no task sleeps although what it waits for has happened, as libos itself sees it
  bool signals = true;        // signals go to whom and in what order signal(7) says, and frames lead back; only where signals are sent
  bool liveness = true;       // all comes to rest, and who sleeps then sleeps for a reason that the model agrees with
};

// What the model is asked.
enum class Judging : uint8_t {
  by_effect,   // each outcome, in the order in which libos says that they took effect
  by_history,  // where that order will not do and calls overlapped, whether any other does
  without_model,  // nothing
};

// The judges of one run. Keeps the first finding; what comes after it follows from it.
class LinuxJudge final : public Observer {
 public:
  LinuxJudge(Executor& executor, const Grammar& grammar, const LinuxOracles& oracles, Judging judging);

  // Before a program; `trace` collects a line a call, or is nullptr.
  void begin(const Program& program, std::string* trace);
  void before_step(size_t index, const interface::Invocation& invocation) override;
  void on_step(const StepReport& report) override;
  void at_rest() override;

  const std::optional<Finding>& finding() const { return finding_; }
  void report(std::string oracle, size_t step, std::string expected, std::string got);
  const props::Model& model() const { return model_; }

 private:
  struct Disagreement {
    size_t step;
    props::Mismatch mismatch;
  };
  static constexpr uint64_t search_steps_max = 200'000;

  bool asks_model() const { return judging_ != Judging::without_model && (oracles_.model || oracles_.linearisable || oracles_.liveness); }
  void judge_errno(const StepReport& report);
  void judge_fetches(const StepReport& report);
  void judge_by_model(const StepReport& report);
  void judge_mismatch(const StepReport& report, props::Mismatch mismatch);
  void judge_history();
  void judge_rest();
  void judge_memory();
  void judge_files(const libos::Task& task);

  Executor& executor_;
  const Grammar& grammar_;
  const LinuxOracles& oracles_;
  const Judging judging_;
  props::Model model_;
  const Program* program_ = nullptr;
  std::string* trace_ = nullptr;
  std::optional<Finding> finding_;
  bool blind_ = false;    // the model has lost track of this program
  enum class Phase : uint8_t { running, asked, woken } phase_ = Phase::running;  // woken: of wake_for_nothing()
  std::vector<uint64_t> pages_;  // addresses of those that a space has
  History history_;       // only where Judging::by_history
  std::optional<Disagreement> disagreement_;  // of the model with the order of effect
};

}  // namespace cupel::fuzz
