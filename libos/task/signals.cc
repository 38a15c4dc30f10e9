#include "libos/task/signals.hh"

#include <algorithm>
#include <bit>

#include "libos/machine/machine.hh"
#include "libos/task/process.hh"

namespace cupel::libos {

bool PendingSignals::add(const SignalInfo& info) {
  const SignalSet bit = signal_bit(info.number);
  const bool real_time = info.number >= first_real_time;
  if (!real_time && (set_ & bit) != 0) return true;
  if (count_ == infos_.size()) {
    if (real_time) return false;
  } else {
    infos_[count_++] = info;
  }
  set_ |= bit;
  return true;
}

SignalInfo PendingSignals::take(int32_t number) {
  const auto known = std::span(infos_).first(count_);
  const auto found = std::ranges::find(known, number, &SignalInfo::number);
  SignalInfo taken{.number = number};
  if (found != known.end()) {
    taken = *found;
    std::shift_left(found, known.end(), 1);
    --count_;
  }
  const auto left = std::span(infos_).first(count_);
  if (std::ranges::find(left, number, &SignalInfo::number) == left.end()) set_ &= ~signal_bit(number);
  return taken;
}

void PendingSignals::forget(SignalSet which) {
  const auto known = std::span(infos_).first(count_);
  const auto kept = std::ranges::remove_if(known, [&](const SignalInfo& info) { return (signal_bit(info.number) & which) != 0; });
  count_ -= static_cast<uint32_t>(kept.size());
  set_ &= ~which;
}

DefaultAction default_action(int32_t number) {
  constexpr SignalSet ignored = signal_bit(signals::child) | signal_bit(signals::cont) | signal_bit(23) | signal_bit(28);  // SIGURG, SIGWINCH
  constexpr SignalSet stops = signal_bit(signals::stop) | signal_bit(20) | signal_bit(21) | signal_bit(22);               // SIGTSTP, SIGTTIN, SIGTTOU
  if ((signal_bit(number) & ignored) != 0) return DefaultAction::ignore;
  return (signal_bit(number) & stops) != 0 ? DefaultAction::stop : DefaultAction::end;
}

namespace {

bool is_running(const Task& task) { return task.state() == Task::State::running; }

// sig_ignored() of Linux's kernel/signal.c: what would do nothing is not even kept, unless it is blocked and may be asked for. No task
// is ever stopped here, so what stops does nothing either.
bool is_dropped(const Task& task, int32_t number) {
  if (((task.signal_mask | task.awaited_signals) & signal_bit(number)) != 0) return false;
  const uint64_t handler = task.process().actions()[static_cast<size_t>(number) - 1].handler;
  return handler == handler_ignore || (handler == handler_default && default_action(number) != DefaultAction::end);
}

// The task looks around: in a sleep, or in its guest code.
void alert(Task& task) {
  task.notify();
  task.platform().interrupt(task.tid());
}

bool wants(const Task& task, int32_t number) { return (signal_bit(number) & (~task.signal_mask | task.awaited_signals)) != 0; }

}  // namespace

void end_process(Task& task, int32_t status) {
  for (Task& other : task.machine().tasks()) {
    if (&other != &task && other.pid() == task.pid() && is_running(other)) other.kill(status);
  }
  task.exit(status);
}

bool send_signal(Task& task, const SignalInfo& info) {
  if (!task.machine().config().signals || !is_running(task)) return true;
  if (info.number == signals::kill) return send_process_signal(task, info);
  if (is_dropped(task, info.number)) return true;
  if (!task.pending.add(info)) return false;
  if (wants(task, info.number)) alert(task);
  return true;
}

bool send_process_signal(Task& task, const SignalInfo& info) {
  Machine& machine = task.machine();
  if (!machine.config().signals) return true;
  Task* chosen = nullptr;
  for (Task& other : machine.tasks()) {
    if (other.pid() != task.pid() || !is_running(other)) continue;
    if (info.number == signals::kill) other.kill(info.number);
    if (chosen == nullptr || (!wants(*chosen, info.number) && wants(other, info.number))) chosen = &other;
  }
  if (info.number == signals::kill || chosen == nullptr || is_dropped(*chosen, info.number)) return true;
  if (!task.process().pending.add(info)) return false;
  if (wants(*chosen, info.number)) alert(*chosen);
  return true;
}

void force_signal(Task& task, const SignalInfo& info) {
  SignalAction& action = task.process().actions()[static_cast<size_t>(info.number) - 1];
  const SignalSet bit = signal_bit(info.number);
  if ((task.signal_mask & bit) != 0 || action.handler == handler_ignore) action = {};
  task.signal_mask &= ~bit;
  task.pending.forget(bit);
  task.pending.add(info);
  alert(task);
}

SignalSet pending_signals(const Task& task) { return task.pending.set() | task.process().pending.set(); }
bool signal_waits(const Task& task) { return (pending_signals(task) & ~task.signal_mask) != 0; }

// next_signal() of Linux's kernel/signal.c: what an instruction has caused comes before all else.
std::optional<SignalInfo> take_signal(Task& task, SignalSet among) {
  for (PendingSignals* from : {&task.pending, &task.process().pending}) {
    const SignalSet found = from->set() & among, urgent = found & signals::synchronous;
    if (found != 0) return from->take(std::countr_zero(urgent != 0 ? urgent : found) + 1);
  }
  return {};
}

}  // namespace cupel::libos
