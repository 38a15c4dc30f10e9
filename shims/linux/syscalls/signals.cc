#include "shims/linux/syscalls/signals.hh"

#include <bit>

#include "libos/task/process.hh"
#include "libos/task/signals.hh"
#include "shims/linux/syscalls/deadline.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

Result<SignalSet> set_of(const Task& task, const auto& argument) { return TRY(argument.read(task.memory())).bits.bits & ~signals::unblockable; }

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
Result<Done> rt_sigaction(Task& task, Signal signal, OptionalIn<RawSignalAction> action, OptionalOut<RawSignalAction> old_action, SetSize set_size) {
  static_cast<void>(TRY(set_size.get()));
  const int32_t number = signal.value;
  SignalAction given{};
  if (!action.is_null()) given = std::bit_cast<SignalAction>(TRY(action.read(task.memory())));
  if (!is_number(number)) return fail(Errno::inval);
  if (!action.is_null() && (signal_bit(number) & signals::unblockable) != 0) return fail(Errno::inval);
  SignalAction& kept = task.process().actions()[static_cast<size_t>(number) - 1];
  const SignalAction before = kept;
  if (!action.is_null()) {
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
  if (!old_action.is_null()) TRY(old_action.write(task.memory(), std::bit_cast<RawSignalAction>(before)));
  return Done{};
}

Result<Done> rt_sigprocmask(Task& task, Choice<MaskChange> how, OptionalIn<RawSignalSet> set, OptionalOut<RawSignalSet> old_set, SetSize set_size) {
  static_cast<void>(TRY(set_size.get()));
  const SignalSet before = task.signal_mask;
  if (!set.is_null()) {
    const SignalSet given = TRY(set_of(task, set));
    switch (TRY(how.get())) {
      case MaskChange::block: set_mask(task, before | given); break;
      case MaskChange::unblock: set_mask(task, before & ~given); break;
      case MaskChange::replace: set_mask(task, given); break;
    }
  }
  if (!old_set.is_null()) TRY(old_set.write(task.memory(), {{before}}));
  return Done{};
}

Result<Done> rt_sigpending(Task& task, UserOut<RawSignalSet> set, SetSize set_size) {
  if (set_size.raw > sizeof(RawSignalSet)) return fail(Errno::inval);
  const SignalSet blocked = pending_signals(task) & task.signal_mask;
  TRY(task.memory().write(set.address, std::as_bytes(std::span(&blocked, 1)).first(set_size.raw)));
  return Done{};
}

Result<Done> rt_sigsuspend(Task& task, UserIn<RawSignalSet> set, SetSize set_size) {
  static_cast<void>(TRY(set_size.get()));
  const SignalSet wanted = TRY(set_of(task, set));
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

Result<uint64_t> rt_sigtimedwait(Task& task, UserIn<RawSignalSet> set, OptionalOut<RawSignalInfo> info, OptionalIn<RawTimespec> timeout, SetSize set_size) {
  static_cast<void>(TRY(set_size.get()));
  const SignalSet wanted = TRY(set_of(task, set));
  platform::Nanoseconds deadline = platform::no_deadline;
  if (!timeout.is_null()) deadline = deadline_after(task, TRY(span_of(TRY(timeout.read(task.memory())))));
  for (;;) {
    if (const auto taken = take_signal(task, wanted)) {
      if (!info.is_null()) TRY(info.write(task.memory(), raw_info(*taken)));
      return static_cast<uint64_t>(taken->number);
    }
    task.awaited_signals = wanted;
    const auto slept = task.sleep(deadline);
    task.awaited_signals = 0;
    if (slept || (pending_signals(task) & wanted) != 0) continue;
    return fail(slept.error() == Errno::timedout ? Errno::again : slept.error());
  }
}

Result<Done> sigaltstack(Task& task, OptionalIn<RawSignalStack> stack, OptionalOut<RawSignalStack> old_stack) {
  constexpr uint64_t size_min = 2048;  // MINSIGSTKSZ
  const uint64_t stack_pointer = task.platform().registers(task.tid()).rsp;
  const SignalStack before = task.signal_stack;
  const bool is_on_it = before.holds(stack_pointer);
  if (!stack.is_null()) {
    const RawSignalStack given = TRY(stack.read(task.memory()));
    if (is_on_it) return fail(Errno::perm);
    const uint32_t mode = given.flags.bits & ~static_cast<uint32_t>(StackFlag::auto_disarm);  // kept armed here
    if (mode != 0 && mode != SignalStack::disabled && mode != SignalStack::on_stack) return fail(Errno::inval);
    if (mode != SignalStack::disabled && given.size.value < size_min) return fail(Errno::nomem);
    task.signal_stack = mode == SignalStack::disabled ? SignalStack{} : SignalStack{given.base.value, given.size.value};
  }
  if (!old_stack.is_null()) TRY(old_stack.write(task.memory(), raw_stack(before, is_on_it)));
  return Done{};
}

// kill_something_info() of Linux's kernel/signal.c.
Result<Done> kill(Task& task, TaskId pid, Signal signal) {
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

Result<Done> tkill(Task& task, TaskId tid, Signal signal) {
  if (tid.value <= 0) return fail(Errno::inval);
  TRY(send_to_thread(task, 0, tid.value, signal.value));
  return Done{};
}

Result<Done> tgkill(Task& task, TaskId pid, TaskId tid, Signal signal) {
  if (pid.value <= 0 || tid.value <= 0) return fail(Errno::inval);
  TRY(send_to_thread(task, pid.value, tid.value, signal.value));
  return Done{};
}

}  // namespace cupel::linux_shim
