#pragma once
#include "libos/base/counted.hh"
#include "libos/platform/platform.hh"
#include "libos/task/limits.hh"
#include "libos/task/signal_state.hh"

namespace cupel::libos {

// What the threads of a process share, and what stays of it until its parent has asked.
class Process : public Counted {
 public:
  explicit Process(const Config& config) : limits(config) {}
  // A child's: it starts in its parent's group and session, under its limits.
  Process(const Process& parent) : Counted(), group(parent.group), session(parent.session), limits(parent.limits), actions(parent.actions) {}  // timers and what is pending stay

  int32_t group = 1, session = 1;  // process group and session, by their first process's id
  bool leads_session = false;
  Limits limits;
  SignalActions actions{};
  PendingSignals pending;
  // setitimer(2)'s ITIMER_REAL: when SIGALRM is due (monotonic), and how often after that; 0: once.
  platform::Nanoseconds alarm_due = platform::no_deadline, alarm_interval = 0;
};

}  // namespace cupel::libos
