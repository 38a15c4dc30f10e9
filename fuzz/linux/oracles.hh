#pragma once
#include <optional>
#include <string>
#include <vector>

#include "fuzz/linux/executor.hh"
#include "fuzz/program/grammar.hh"
#include "fuzz/target.hh"
#include "props/model/model.hh"

namespace cupel::fuzz {

// Which judges are on. Each looks at the outcome of every call, or at the machine when all has come to rest.
struct LinuxOracles {
  bool invariants = true;     // the machine's structures are whole
  bool model = true;          // the outcome is one that the specification allows
  bool errno_declared = true; // an error is one of those the call's line in the table declares
  bool double_fetch = true;   // no byte of guest memory is read twice in one call
  bool leak = true;           // after the last task the arena is as empty as before boot
  bool uninitialised = true;  // nothing observable depends on what fresh memory held
  bool lost_wakeup = true;    // no task sleeps although what it waits for has happened
};

// The judges of one run. Keeps the first finding; what comes after it follows from it.
class LinuxJudge final : public Observer {
 public:
  LinuxJudge(Executor& executor, const Grammar& grammar, const LinuxOracles& oracles);

  // Before a program; `trace` collects a line a call, or is nullptr.
  void begin(const Program& program, std::string* trace);
  void on_step(const StepReport& report) override;
  void at_rest() override;

  const std::optional<Finding>& finding() const { return finding_; }
  void report(std::string oracle, size_t step, std::string expected, std::string got);
  const props::Model& model() const { return model_; }

 private:
  void judge_errno(const StepReport& report);
  void judge_fetches(const StepReport& report);
  void judge_by_model(const StepReport& report);

  Executor& executor_;
  const Grammar& grammar_;
  const LinuxOracles& oracles_;
  props::Model model_;
  const Program* program_ = nullptr;
  std::string* trace_ = nullptr;
  std::optional<Finding> finding_;
  bool blind_ = false;  // the model has lost track of this program
};

}  // namespace cupel::fuzz
