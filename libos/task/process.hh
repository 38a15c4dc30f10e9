#pragma once
#include "libos/base/counted.hh"
#include "libos/platform/platform.hh"
#include "libos/task/limits.hh"
#include "libos/task/signal_state.hh"

namespace cupel::libos {

// What is done on each signal: a process's own, or shared with others by CLONE_SIGHAND.
class SignalHandlers : public Counted {
 public:
  SignalHandlers() = default;
  explicit SignalHandlers(const SignalHandlers& other) : Counted(), actions(other.actions) {}
  SignalActions actions{};
};

// What the threads of a process share, and what stays of it until its parent has asked.
class Process : public Counted {
 public:
  Process(const Config& config, Ref<SignalHandlers> with) : limits(config), handlers(std::move(with)) {}
  // A child's: it starts in its parent's group and session, under its limits.
  Process(const Process& parent, Ref<SignalHandlers> with) : group(parent.group), session(parent.session), limits(parent.limits), handlers(std::move(with)) {}  // timers and what is pending stay

  int32_t group = 1, session = 1;  // process group and session, by their first process's id
  bool leads_session = false;
  Limits limits;
  Ref<SignalHandlers> handlers;
  SignalActions& actions() const { return handlers->actions; }
  PendingSignals pending;
  // setitimer(2)'s ITIMER_REAL: when SIGALRM is due (monotonic), and how often after that; 0: once.
  platform::Nanoseconds alarm_due = platform::no_deadline, alarm_interval = 0;
};

}  // namespace cupel::libos
