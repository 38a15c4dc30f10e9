// ITIMER_REAL, by whichever call it is set.
#include <algorithm>

#include "libos/machine/machine.hh"
#include "libos/task/process.hh"
#include "shims/linux/guest_value.hh"
#include "shims/linux/syscalls/deadline.hh"
#include "shims/linux/syscalls/signals.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;
using platform::Nanoseconds;

constexpr int64_t second_us = 1'000'000, microsecond_ns = 1000;

Result<Nanoseconds> span_of(int64_t seconds, int64_t microseconds) {
  if (microseconds < 0 || microseconds >= second_us) return fail(Errno::inval);
  return linux_shim::span_of(RawTimespec{seconds, microseconds * microsecond_ns});
}

RawTimer timer_of(Task& task) {
  const Process& process = task.process();
  if (process.alarm_due == platform::no_deadline) return {};
  constexpr Nanoseconds least = 1000;  // a timer that runs never says zero
  const Nanoseconds left = std::max(process.alarm_due - task.platform().now(platform::ClockBase::monotonic), least), interval = process.alarm_interval;
  return {interval / second_ns, interval % second_ns / microsecond_ns, left / second_ns, left % second_ns / microsecond_ns};
}

void set_timer(Task& task, Nanoseconds value, Nanoseconds interval) {
  Process& process = task.process();
  process.alarm_due = value == 0 ? platform::no_deadline : deadline_after(task, value);
  process.alarm_interval = value == 0 ? 0 : interval;
  task.machine().ring_alarms();
}

Result<> check_timer(const Choice<IntervalTimer>& which) {
  // CPU time is not counted yet.
  if (TRY(which.get()) != IntervalTimer::real) return fail(Errno::opnotsupp);
  return {};
}

}  // namespace

Result<uint64_t> alarm(Task& task, Int seconds) {
  const RawTimer before = timer_of(task);
  set_timer(task, Nanoseconds{static_cast<uint32_t>(seconds.value)} * second_ns, 0);
  constexpr int64_t half_us = 500'000;
  const int64_t left = before.seconds + (before.microseconds >= half_us ? 1 : 0);
  const bool was_set = before.seconds != 0 || before.microseconds != 0;
  return static_cast<uint64_t>(was_set ? std::max<int64_t>(left, 1) : 0);
}

Result<Done> setitimer(Task& task, Choice<IntervalTimer> which, OptionalIn<RawTimer> value, OptionalOut<RawTimer> old_value) {
  RawTimer given{};
  if (!value.is_null()) given = TRY(value.read(task.memory()));
  TRY(check_timer(which));
  const Nanoseconds span = TRY(span_of(given.seconds, given.microseconds)), interval = TRY(span_of(given.interval_seconds, given.interval_microseconds));
  const RawTimer before = timer_of(task);
  set_timer(task, span, interval);
  if (!old_value.is_null()) TRY(old_value.write(task.memory(), before));
  return Done{};
}

Result<Done> getitimer(Task& task, Choice<IntervalTimer> which, UserOut<RawTimer> value) {
  TRY(check_timer(which));
  TRY(value.write(task.memory(), timer_of(task)));
  return Done{};
}

}  // namespace cupel::linux_shim
