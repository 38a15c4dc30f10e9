#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// struct itimerspec.
struct RawTimer {
  int64_t interval_seconds, interval_nanoseconds, seconds, nanoseconds;
};

enum class TimerClock : int32_t { realtime = 0, monotonic = 1, boottime = 7, realtime_alarm = 8, boottime_alarm = 9 };
consteval auto names_of(TimerClock) {
  return std::array{NamedValue{"CLOCK_MONOTONIC", 1}, NamedValue{"CLOCK_REALTIME", 0}, NamedValue{"CLOCK_BOOTTIME", 7}, NamedValue{"CLOCK_REALTIME_ALARM", 8},
                    NamedValue{"CLOCK_BOOTTIME_ALARM", 9}};
}
enum class TimerFlag : uint32_t { nonblock = 04000, cloexec = 02000000 };
consteval auto names_of(TimerFlag) { return std::array{NamedValue{"TFD_NONBLOCK", 04000}, NamedValue{"TFD_CLOEXEC", 02000000}}; }
consteval auto usual_of(TimerFlag) { return std::to_array<uint64_t>({04000, 0}); }
enum class TimerSetFlag : uint32_t { absolute = 1, cancel_on_set = 2 };
consteval auto names_of(TimerSetFlag) { return std::array{NamedValue{"TFD_TIMER_ABSTIME", 1}, NamedValue{"TFD_TIMER_CANCEL_ON_SET", 2}}; }
consteval auto usual_of(TimerSetFlag) { return std::to_array<uint64_t>({0, 1}); }

Result<NewFd<Resource::timerfd>> timerfd_create(Task& task, Choice<TimerClock, Kind::clock> clock, Flags<TimerFlag> flags);
Result<Done> timerfd_settime(Task& task, Fd<Resource::timerfd> fd, Flags<TimerSetFlag, Unknown::late> flags, UserIn<RawTimer> timer, OptionalOut<RawTimer> before);
Result<Done> timerfd_gettime(Task& task, Fd<Resource::timerfd> fd, UserOut<RawTimer> out);

}  // namespace cupel::linux_shim
