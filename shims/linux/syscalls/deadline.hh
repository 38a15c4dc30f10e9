#pragma once
#include "libos/machine/machine.hh"
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

inline constexpr platform::Nanoseconds second_ns = 1'000'000'000;

// A timespec as a span of time, at most INT64_MAX ns; EINVAL where it is negative or its nanoseconds are a second or more.
inline Result<platform::Nanoseconds> span_of(const RawTimespec& given) {
  if (given.seconds < 0 || given.nanoseconds < 0 || given.nanoseconds >= second_ns) return fail(Errno::inval);
  if (given.seconds > INT64_MAX / second_ns - 1) return platform::no_deadline;
  return given.seconds * second_ns + given.nanoseconds;
}

// The moment `span` from now on the monotonic clock, which is what a wait's deadline is.
inline platform::Nanoseconds deadline_after(Task& task, platform::Nanoseconds span) {
  const platform::Nanoseconds now = task.platform().now(platform::ClockBase::monotonic);
  return span > platform::no_deadline - now ? platform::no_deadline : now + span;
}

// An absolute time of `clock` as a moment of the monotonic clock.
inline platform::Nanoseconds monotonic_deadline(Task& task, platform::ClockBase clock, platform::Nanoseconds at) {
  if (clock == platform::ClockBase::monotonic || at == platform::no_deadline) return at;
  const platform::Nanoseconds left = at - task.platform().now(clock);
  return left <= 0 ? 1 : deadline_after(task, left);
}

}  // namespace cupel::linux_shim
