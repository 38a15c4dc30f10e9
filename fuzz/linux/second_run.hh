#pragma once
#include <optional>
#include <string>
#include <vector>

#include "fuzz/linux/executor.hh"

namespace cupel::fuzz {

// Looks on while a program runs again, knowing from the first run which calls will fail: nothing but the two runs says what
// a failed call may change, namely nothing. It also wakes for nothing whom the judge of the first run woke, so that both
// runs are alike.
class SecondRun final : public Observer {
 public:
  struct Change {
    size_t step;
    Errno error;
    std::string what;
  };

  explicit SecondRun(Executor& executor) : executor_(executor) {}

  // Before the first run. Steps that fail are then noted one by one.
  void forget() { failing_.clear(); }
  void note_failure(const StepReport& report);
  // Before the second run.
  void begin(bool wakes, bool watches_failures);
  // The first failed call that changed something.
  const std::optional<Change>& change() const { return change_; }

  void before_step(size_t index, const interface::Invocation& invocation) override;
  void on_step(const StepReport& report) override;
  void at_rest() override;

 private:
  bool failing(size_t step) const { return step < failing_.size() && failing_[step]; }

  Executor& executor_;
  bool wakes_ = false, watches_failures_ = false;
  std::vector<bool> failing_;  // by step
  std::vector<uint64_t> before_;  // by step: the digest
  std::optional<Change> change_;
};

// Whether a report says that a call which had the machine to itself has failed.
bool failed_alone(const StepReport& report);

}  // namespace cupel::fuzz
