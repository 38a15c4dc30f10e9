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

constexpr int32_t real_timer = 0, virtual_timer = 1, profiling_timer = 2;

struct RawTimeval {
  int64_t seconds = 0, microseconds = 0;
};
struct RawTimer {
  RawTimeval interval, value;
};

Result<Nanoseconds> span_of(const RawTimeval& given) {
  constexpr int64_t second_us = 1'000'000;
  if (given.microseconds < 0 || given.microseconds >= second_us) return fail(Errno::inval);
  return linux_shim::span_of(RawTimespec{given.seconds, given.microseconds * 1000});
}
RawTimeval timeval_of(Nanoseconds span) { return {span / second_ns, span % second_ns / 1000}; }

RawTimer timer_of(Task& task) {
  const Process& process = task.process();
  if (process.alarm_due == platform::no_deadline) return {};
  constexpr Nanoseconds least = 1000;  // a timer that runs never says zero
  const Nanoseconds left = process.alarm_due - task.platform().now(platform::ClockBase::monotonic);
  return {timeval_of(process.alarm_interval), timeval_of(std::max(left, least))};
}

void set_timer(Task& task, Nanoseconds value, Nanoseconds interval) {
  Process& process = task.process();
  process.alarm_due = value == 0 ? platform::no_deadline : deadline_after(task, value);
  process.alarm_interval = value == 0 ? 0 : interval;
  task.machine().ring_alarms();
}

Result<> check_timer(int32_t which) {
  if (which == real_timer) return {};
  // CPU time is not counted yet.
  return fail(which == virtual_timer || which == profiling_timer ? Errno::opnotsupp : Errno::inval);
}

}  // namespace

Result<uint64_t> alarm(Task& task, Int seconds) {
  const RawTimer before = timer_of(task);
  set_timer(task, Nanoseconds{static_cast<uint32_t>(seconds.value)} * second_ns, 0);
  constexpr int64_t half_us = 500'000;
  const int64_t left = before.value.seconds + (before.value.microseconds >= half_us ? 1 : 0);
  const bool was_set = before.value.seconds != 0 || before.value.microseconds != 0;
  return static_cast<uint64_t>(was_set ? std::max<int64_t>(left, 1) : 0);
}

Result<Done> setitimer(Task& task, Int which, Address value, Address old_value) {
  RawTimer given;
  if (value.value != 0) given = TRY(read_value<RawTimer>(task, value.value));
  TRY(check_timer(which.value));
  const Nanoseconds span = TRY(span_of(given.value)), interval = TRY(span_of(given.interval));
  const RawTimer before = timer_of(task);
  set_timer(task, span, interval);
  if (old_value.value != 0) TRY(write_value(task, old_value.value, before));
  return Done{};
}

Result<Done> getitimer(Task& task, Int which, Address value) {
  TRY(check_timer(which.value));
  TRY(write_value(task, value.value, timer_of(task)));
  return Done{};
}

}  // namespace cupel::linux_shim
