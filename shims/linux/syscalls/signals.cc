#include "shims/linux/syscalls/signals.hh"

#include "libos/task/process.hh"
#include "libos/task/task.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr uint64_t set_bytes = sizeof(uint64_t);
constexpr uint64_t bit_of(int32_t signal) { return uint64_t{1} << (signal - 1); }
constexpr int32_t sig_kill = 9, sig_stop = 19;
constexpr uint64_t unblockable = bit_of(sig_kill) | bit_of(sig_stop);

template <class T>
Result<T> read_value(Task& task, uint64_t address) {
  T value{};
  TRY(task.memory().read(address, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}
template <class T>
Result<> write_value(Task& task, uint64_t address, const T& value) {
  return task.memory().write(address, std::as_bytes(std::span(&value, 1)));
}

}  // namespace

// do_sigaction() of Linux's kernel/signal.c.
Result<Done> rt_sigaction(Task& task, Int signal, Address action, Address old_action, Address set_size) {
  if (set_size.value != set_bytes) return fail(Errno::inval);
  const int32_t number = signal.value;
  SignalAction given{};
  if (action.value != 0) given = TRY(read_value<SignalAction>(task, action.value));
  if (number < 1 || number > static_cast<int32_t>(signals_max)) return fail(Errno::inval);
  if (action.value != 0 && (number == sig_kill || number == sig_stop)) return fail(Errno::inval);
  SignalAction& kept = task.process().actions[static_cast<size_t>(number) - 1];
  const SignalAction before = kept;
  if (action.value != 0) {
    given.mask &= ~unblockable;
    kept = given;
  }
  if (old_action.value != 0) TRY(write_value(task, old_action.value, before));
  return Done{};
}

Result<Done> rt_sigprocmask(Task& task, Int how, Address set, Address old_set, Address set_size) {
  constexpr int32_t block = 0, unblock = 1, set_mask = 2;
  if (set_size.value != set_bytes) return fail(Errno::inval);
  const uint64_t before = task.signal_mask;
  if (set.value != 0) {
    const uint64_t given = TRY(read_value<uint64_t>(task, set.value)) & ~unblockable;
    switch (how.value) {
      case block: task.signal_mask |= given; break;
      case unblock: task.signal_mask &= ~given; break;
      case set_mask: task.signal_mask = given; break;
      default: return fail(Errno::inval);
    }
  }
  if (old_set.value != 0) TRY(write_value(task, old_set.value, before));
  return Done{};
}

}  // namespace cupel::linux_shim
