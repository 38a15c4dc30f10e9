#pragma once
#include <functional>

#include "fuzz/linux/executor.hh"
#include "props/model/signal_rules.hh"

namespace cupel::fuzz {

// Holds what a program sees of signals against the rules of props/model: answers of the calls about them, and each handler's start.
class SignalWatch {
 public:
  using Report = std::function<void(size_t step, const props::SignalMismatch& mismatch)>;
  SignalWatch(Executor& executor, Report report) : executor_(executor), report_(std::move(report)) {}

  void begin();
  void before_step(size_t index, const interface::Invocation& invocation);
  void on_step(const StepReport& report);
  void on_return(const GuestReturn& way);
  void at_rest();

 private:
  using Rule = std::optional<props::SignalMismatch> (SignalWatch::*)(const StepReport& report, props::SignalThread& thread);
  struct RuleOf {
    std::string_view call;
    Rule rule;
  };
  static const std::array<RuleOf, 13> rules;

  std::optional<props::SignalMismatch> action(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> mask(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> pending(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> suspend(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> wait(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> stack(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> to_process(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> to_thread(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> to_thread_of(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> go_back(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> make_task(const StepReport& report, props::SignalThread& thread);
  std::optional<props::SignalMismatch> sleep_till_signal(const StepReport& report, props::SignalThread& thread);

  std::optional<props::SignalMismatch> send(const StepReport& report, int32_t pid, int32_t tid, uint64_t number);
  std::optional<props::SignalMismatch> handlers_of(const GuestReturn& way, props::SignalThread& thread);
  std::vector<props::SignalThread*> threads_of(int32_t pid);
  std::optional<props::SignalMismatch> unseen(const StepReport& report);
  std::vector<std::byte> frame_at(int32_t tid, uint64_t address) const;
  void judge(size_t step, std::optional<props::SignalMismatch> mismatch);

  Executor& executor_;
  Report report_;
  props::SignalRules rules_;
  bool blind_ = false;  // something was done that these rules do not follow
  size_t last_step_ = 0;
  struct GoingBack {
    uint64_t stack_pointer = 0;
    std::vector<std::byte> frame;
  };
  std::map<int32_t, GoingBack> going_back_;  // by task, while it is in rt_sigreturn(2)
};

}  // namespace cupel::fuzz
