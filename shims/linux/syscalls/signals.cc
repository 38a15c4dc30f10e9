#include "shims/linux/syscalls/signals.hh"

#include "libos/task/process.hh"
#include "libos/task/signals.hh"
#include "shims/linux/guest_value.hh"
#include "shims/linux/syscalls/deadline.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr uint64_t set_bytes = sizeof(SignalSet);

Result<SignalSet> read_set(Task& task, uint64_t address, uint64_t size) {
  if (size != set_bytes) return fail(Errno::inval);
  return TRY(read_value<SignalSet>(task, address)) & ~signals::unblockable;
}

bool is_number(int32_t signal) { return signal >= 1 && signal <= static_cast<int32_t>(signals_max); }

// What became deliverable by a new mask is delivered on the way back to guest code.
void set_mask(Task& task, SignalSet mask) {
  task.signal_mask = mask;
  if (signal_waits(task)) task.platform().interrupt(task.tid());
}

// kill_ok_by_cred() of Linux's kernel/signal.c.
bool may_signal(const Task& task, const Task& other) {
  const Credentials& mine = task.credentials;
  const Credentials& theirs = other.credentials;
  return mine.euid == 0 || mine.euid == theirs.uid || mine.euid == theirs.suid || mine.uid == theirs.uid || mine.uid == theirs.suid;
}

Result<> send_to_thread(Task& task, int32_t pid, int32_t tid, int32_t signal) {
  Task* const other = task.machine().find_named(tid);
  if (other == nullptr || (pid != 0 && other->pid() != pid)) return fail(Errno::srch);
  if (signal != 0 && !is_number(signal)) return fail(Errno::inval);
  if (!may_signal(task, *other)) return fail(Errno::perm);
  const SignalInfo info{.number = signal, .code = SignalInfo::from_tkill, .first = SignalInfo::sender(task.pid(), task.credentials.uid)};
  return signal == 0 || send_signal(*other, info) ? Result<>{} : fail(Errno::again);
}

}  // namespace

// do_sigaction() of Linux's kernel/signal.c.
Result<Done> rt_sigaction(Task& task, Int signal, Address action, Address old_action, Address set_size) {
  if (set_size.value != set_bytes) return fail(Errno::inval);
  const int32_t number = signal.value;
  SignalAction given{};
  if (action.value != 0) given = TRY(read_value<SignalAction>(task, action.value));
  if (!is_number(number)) return fail(Errno::inval);
  if (action.value != 0 && (signal_bit(number) & signals::unblockable) != 0) return fail(Errno::inval);
  SignalAction& kept = task.process().actions[static_cast<size_t>(number) - 1];
  const SignalAction before = kept;
  if (action.value != 0) {
    given.mask &= ~signals::unblockable;
    kept = given;
    // POSIX: what is pending is gone with the wish to ignore it.
    if (given.handler == handler_ignore || (given.handler == handler_default && default_action(number) == DefaultAction::ignore)) {
      task.process().pending.forget(signal_bit(number));
      for (Task& other : task.machine().tasks()) {
        if (other.pid() == task.pid()) other.pending.forget(signal_bit(number));
      }
    }
  }
  if (old_action.value != 0) TRY(write_value(task, old_action.value, before));
  return Done{};
}

Result<Done> rt_sigprocmask(Task& task, Int how, Address set, Address old_set, Address set_size) {
  constexpr int32_t block = 0, unblock = 1, replace = 2;
  if (set_size.value != set_bytes) return fail(Errno::inval);
  const SignalSet before = task.signal_mask;
  if (set.value != 0) {
    const SignalSet given = TRY(read_set(task, set.value, set_size.value));
    switch (how.value) {
      case block: set_mask(task, before | given); break;
      case unblock: set_mask(task, before & ~given); break;
      case replace: set_mask(task, given); break;
      default: return fail(Errno::inval);
    }
  }
  if (old_set.value != 0) TRY(write_value(task, old_set.value, before));
  return Done{};
}

Result<Done> rt_sigpending(Task& task, Address set, Address set_size) {
  if (set_size.value > set_bytes) return fail(Errno::inval);
  const SignalSet blocked = pending_signals(task) & task.signal_mask;
  TRY(task.memory().write(set.value, std::as_bytes(std::span(&blocked, 1)).first(set_size.value)));
  return Done{};
}

Result<Done> rt_sigsuspend(Task& task, Address set, Address set_size) {
  const SignalSet wanted = TRY(read_set(task, set.value, set_size.value));
  task.mask_after_delivery = task.signal_mask;
  set_mask(task, wanted);
  // Not before a signal that is handled: one that does nothing is not sent.
  while (!signal_waits(task) && !task.killed()) static_cast<void>(task.sleep(platform::no_deadline));
  return fail(Errno::intr);
}

Result<Done> pause(Task& task) {
  while (!signal_waits(task) && !task.killed()) static_cast<void>(task.sleep(platform::no_deadline));
  return fail(Errno::intr);
}

Result<uint64_t> rt_sigtimedwait(Task& task, Address set, Address info, Address timeout, Address set_size) {
  const SignalSet wanted = TRY(read_set(task, set.value, set_size.value));
  platform::Nanoseconds deadline = platform::no_deadline;
  if (timeout.value != 0) deadline = deadline_after(task, TRY(span_of(TRY(read_value<RawTimespec>(task, timeout.value)))));
  for (;;) {
    if (const auto taken = take_signal(task, wanted)) {
      if (info.value != 0) TRY(write_value(task, info.value, raw_info(*taken)));
      return static_cast<uint64_t>(taken->number);
    }
    task.awaited_signals = wanted;
    const auto slept = task.sleep(deadline);
    task.awaited_signals = 0;
    if (slept || (pending_signals(task) & wanted) != 0) continue;
    return fail(slept.error() == Errno::timedout ? Errno::again : slept.error());
  }
}

Result<Done> sigaltstack(Task& task, Address stack, Address old_stack) {
  constexpr uint64_t size_min = 2048;  // MINSIGSTKSZ
  const uint64_t stack_pointer = task.platform().registers(task.tid()).rsp;
  const SignalStack before = task.signal_stack;
  const bool is_on_it = before.holds(stack_pointer);
  if (stack.value != 0) {
    const auto given = TRY(read_value<RawSignalStack>(task, stack.value));
    if (is_on_it) return fail(Errno::perm);
    const int32_t mode = given.flags & ~RawSignalStack::auto_disarm;
    if (mode != 0 && mode != SignalStack::disabled && mode != SignalStack::on_stack) return fail(Errno::inval);
    if (mode != SignalStack::disabled && given.size < size_min) return fail(Errno::nomem);
    task.signal_stack = mode == SignalStack::disabled ? SignalStack{} : SignalStack{given.base, given.size};
  }
  if (old_stack.value != 0) TRY(write_value(task, old_stack.value, raw_stack(before, is_on_it)));
  return Done{};
}

// kill_something_info() of Linux's kernel/signal.c.
Result<Done> kill(Task& task, TaskId pid, Int signal) {
  if (signal.value != 0 && !is_number(signal.value)) return fail(Errno::inval);
  if (pid.value == INT32_MIN) return fail(Errno::srch);
  const SignalInfo info{.number = signal.value, .code = SignalInfo::from_user, .first = SignalInfo::sender(task.pid(), task.credentials.uid)};
  const auto is_meant = [&](const Task& other) {
    if (pid.value > 0) return other.pid() == pid.value;
    if (pid.value == -1) return other.pid() != 1 && other.pid() != task.pid();
    return other.process().group == (pid.value == 0 ? task.process().group : -pid.value);
  };
  bool found = false, allowed = false, sent = true;
  for (Task& other : task.machine().tasks()) {
    if (other.is_thread() || other.is_forgotten() || !is_meant(other)) continue;
    found = true;
    if (!may_signal(task, other)) continue;
    allowed = true;
    if (signal.value != 0) sent = send_process_signal(other, info) && sent;
  }
  // Also a thread's number names its process.
  Task* const thread = !found && pid.value > 0 ? task.machine().find_named(pid.value) : nullptr;
  if (thread != nullptr && may_signal(task, *thread)) {
    if (signal.value != 0) sent = send_process_signal(*thread, info);
    found = allowed = true;
  }
  if (!found && thread == nullptr) return fail(Errno::srch);
  if (!allowed) return fail(Errno::perm);
  return sent ? Result<Done>{} : fail(Errno::again);
}

Result<Done> tkill(Task& task, TaskId tid, Int signal) {
  if (tid.value <= 0) return fail(Errno::inval);
  TRY(send_to_thread(task, 0, tid.value, signal.value));
  return Done{};
}

Result<Done> tgkill(Task& task, TaskId pid, TaskId tid, Int signal) {
  if (pid.value <= 0 || tid.value <= 0) return fail(Errno::inval);
  TRY(send_to_thread(task, pid.value, tid.value, signal.value));
  return Done{};
}

}  // namespace cupel::linux_shim
