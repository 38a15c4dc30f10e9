#include "shims/linux/syscalls/futex2.hh"

#include "libos/ipc/futex.hh"
#include "shims/linux/syscalls/deadline.hh"
#include "shims/linux/syscalls/ipc.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;
using platform::ClockBase;

// futex_flags_valid() and futex_validate_input() of Linux's kernel/futex/futex.h.
Result<> check(Flags<Futex2Flag> flags, std::initializer_list<uint64_t> values) {
  if ((flags.bits & static_cast<uint32_t>(Futex2Flag::size_mask)) != static_cast<uint32_t>(Futex2Flag::size_u32)) return fail(Errno::inval);
  for (const uint64_t value : values) {
    if (value > UINT32_MAX) return fail(Errno::inval);
  }
  return {};
}

}  // namespace

Result<uint64_t> futex_wake(Task& task, FutexWord word, FutexValue mask, Int count, Flags<Futex2Flag> flags) {
  TRY(check(flags, {mask.value}));
  if (mask.value == 0) return fail(Errno::inval);
  const bool is_private = flags.has(Futex2Flag::priv);
  TRY(check_futex(task, word.address, is_private));
  if (count.value == 0) return 0;  // unlike futex(2), which wakes one
  return task.machine().futexes().wake(task, {word.address, is_private}, count.value < 0 ? 1 : static_cast<uint32_t>(count.value), static_cast<uint32_t>(mask.value));
}

Result<Done> futex_wait(Task& task, FutexWord word, FutexValue expected, FutexValue mask, Flags<Futex2Flag> flags, OptionalIn<RawTimespec> timeout, Choice<FutexClock, Kind::clock> clock) {
  TRY(check(flags, {expected.value, mask.value}));
  platform::Nanoseconds deadline = platform::no_deadline;
  if (!timeout.is_null()) {
    const FutexClock which = TRY(clock.get());
    const platform::Nanoseconds at = TRY(span_of(TRY(timeout.read(task.memory()))));
    deadline = monotonic_deadline(task, which == FutexClock::realtime ? ClockBase::realtime : ClockBase::monotonic, at);
  }
  if (mask.value == 0) return fail(Errno::inval);
  const bool is_private = flags.has(Futex2Flag::priv);
  TRY(check_futex(task, word.address, is_private));
  TRY(task.machine().futexes().wait(task, {word.address, is_private}, static_cast<uint32_t>(expected.value), static_cast<uint32_t>(mask.value), deadline));
  return Done{};
}

}  // namespace cupel::linux_shim
