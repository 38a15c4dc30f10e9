// clock_gettime, clock_getres, gettimeofday, time, nanosleep, clock_nanosleep.
#include <time.h>

#include <algorithm>

#include "props/model/clocks.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

constexpr uint64_t nanoseconds_per_second = 1'000'000'000;

// The clocks that every kernel has. The others are a machine's to offer or not.
bool is_common_clock(int32_t clock) { return clock >= 0 && clock <= CLOCK_BOOTTIME && clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID; }
bool is_possible_clock(int32_t clock) { return clock < static_cast<int32_t>(World::clocks_count); }
bool has_sleep(int32_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME; }

// EINVAL unless there may be such a clock.
Result<> check_clock(Allowed& allowed, int32_t clock) {
  if (!is_common_clock(clock)) allowed.may_fail(Errno::inval);
  return is_possible_clock(clock) ? Result<>{} : fail(Errno::inval);
}

std::string inspect_time(const World& world, int32_t clock, const Timespec& time) {
  if (!is_valid(time)) return "a time that is none";
  if (is_common_clock(clock) && is_before(time, world.clock_floor[clock])) return "a time before one that was shown";
  return "";
}

Stamp add(const Stamp& floor, const Timespec& span) {
  const uint64_t nanoseconds = floor.nanoseconds + static_cast<uint64_t>(span.nanoseconds);
  const uint64_t carry = nanoseconds / nanoseconds_per_second;
  return {floor.known, floor.seconds + static_cast<uint64_t>(span.seconds) + carry, nanoseconds % nanoseconds_per_second};
}

// EINTR tells how much of the span was left, or fails to.
void may_tell_left(const Call& call, Allowed& allowed, uint64_t left) {
  if (left == 0) return;
  const size_t room = call.writable(left, sizeof(Timespec));
  if (room < sizeof(Timespec)) allowed.may_fail(Errno::fault);
  allowed.may_scribble(left, room);
}

// A sleep which is over when the clock shows `until`; known only as far as the clock was ever looked at.
Result<> sleep(const Call& call, Allowed& allowed, int32_t clock, const Stamp& until, uint64_t left) {
  const auto sleeps = [until, caller = call.caller](World& world, const Actual&) {
    if (!world.tasks[caller].sleeps_until.known) world.tasks[caller].sleeps_until = until;
  };
  may_tell_left(call, allowed, left);
  allowed.blocks();
  allowed.then(sleeps);
  allowed.returns(0);
  allowed.then([until, clock, caller = call.caller, resumed = call.resumed()](World& world, const Actual&) {
    Task& task = world.tasks[caller];
    const Stamp reached = resumed ? task.sleeps_until : until;
    task.sleeps_until = {};
    if (reached.known && world.bounds.sleeps_last) raise(world.clock_floor[clock], {static_cast<int64_t>(reached.seconds), static_cast<int64_t>(reached.nanoseconds)});
  });
  return {};
}

}  // namespace

namespace rules {

Result<> clock_gettime(const Call& call, Allowed& allowed) {
  const auto clock = call.arg<int32_t>(0);
  const uint64_t address = call.address(1);
  TRY(check_clock(allowed, clock));
  TRY(call.can_store(allowed, address, sizeof(Timespec)));
  allowed.returns(0);
  allowed.writes_anything(address, sizeof(Timespec));
  allowed.inspect([=](const World& world, const Actual& actual) {
    const auto time = actual.number<Timespec>(address);
    return time ? inspect_time(world, clock, *time) : std::string();
  });
  allowed.then([=](World& world, const Actual& actual) {
    const auto time = actual.number<Timespec>(address);
    if (time && is_common_clock(clock)) raise(world.clock_floor[clock], *time);
  });
  return {};
}

Result<> clock_getres(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(1);
  TRY(check_clock(allowed, call.arg<int32_t>(0)));
  if (address == 0) return allowed.returns(0);
  TRY(call.can_store(allowed, address, sizeof(Timespec)));
  allowed.returns(0);
  allowed.writes_anything(address, sizeof(Timespec));
  allowed.inspect([=](const World&, const Actual& actual) {
    const auto time = actual.number<Timespec>(address);
    const bool bad = time && (!is_valid(*time) || (time->seconds == 0 && time->nanoseconds == 0));
    return std::string(bad ? "a resolution that is none" : "");
  });
  return {};
}

Result<> gettimeofday(const Call& call, Allowed& allowed) {
  struct Timeval {
    int64_t seconds;
    int64_t microseconds;
  };
  const uint64_t address = call.address(0), zone = call.address(1);
  constexpr size_t zone_size = 8;
  if (address != 0) {
    // Linux stores seconds and microseconds one by one, and then the zone.
    TRY(call.can_store(allowed, address, sizeof(Timeval)));
  }
  if (zone != 0 && call.writable(zone, zone_size) < zone_size) {
    if (address != 0) allowed.may_scribble(address, sizeof(Timeval));
    return call.can_store(allowed, zone, zone_size);
  }
  allowed.returns(0);
  if (address != 0) allowed.writes_anything(address, sizeof(Timeval));
  if (zone != 0) allowed.writes_anything(zone, zone_size);
  if (address == 0) return {};
  if (zone + zone_size > address && zone < address + sizeof(Timeval)) return {};  // the zone lies over the time
  const auto shown = [](const Timeval& time) { return Timespec{time.seconds, time.microseconds * 1000}; };
  allowed.inspect([=](const World& world, const Actual& actual) {
    auto time = actual.number<Timeval>(address);
    if (!time || !is_valid(shown(*time))) return std::string(time ? "a time that is none" : "");
    time->microseconds = std::min<int64_t>(time->microseconds + 1, 999'999);  // what was cut off
    return inspect_time(world, CLOCK_REALTIME, shown(*time));
  });
  allowed.then([=](World& world, const Actual& actual) {
    if (const auto time = actual.number<Timeval>(address)) raise(world.clock_floor[CLOCK_REALTIME], shown(*time));
  });
  return {};
}

Result<> time(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(0);
  if (address != 0) {
    TRY(call.can_store(allowed, address, sizeof(int64_t)));
  }
  const Stamp& floor = call.world.clock_floor[CLOCK_REALTIME_COARSE];
  allowed.returns(floor.known ? static_cast<int64_t>(floor.seconds) : 0, INT64_MAX);
  if (address != 0) allowed.writes_number(address, call.result());
  allowed.then([](World& world, const Actual& actual) { raise(world.clock_floor[CLOCK_REALTIME_COARSE], {actual.value, 0}); });
  return {};
}

Result<> nanosleep(const Call& call, Allowed& allowed) {
  const auto span = TRY(call.read_once<Timespec>(call.address(0)));
  if (!is_valid(span)) return fail(Errno::inval);
  return sleep(call, allowed, CLOCK_MONOTONIC, add(call.world.clock_floor[CLOCK_MONOTONIC], span), call.address(1));
}

Result<> clock_nanosleep(const Call& call, Allowed& allowed) {
  const auto clock = call.arg<int32_t>(0);
  const bool absolute = (call.arg<uint32_t>(1) & TIMER_ABSTIME) != 0;
  TRY(check_clock(allowed, clock));
  if (is_common_clock(clock) && !has_sleep(clock)) return fail(Errno::opnotsupp);
  if (!is_common_clock(clock)) allowed.may_fail({Errno::opnotsupp, Errno::perm});
  const auto span = TRY(call.read_once<Timespec>(call.address(2)));
  if (!is_valid(span)) return fail(Errno::inval);
  if (!is_common_clock(clock)) {
    may_tell_left(call, allowed, absolute ? 0 : call.address(3));
    allowed.blocks();
    return allowed.returns(0);
  }
  const Stamp until = absolute ? Stamp{true, static_cast<uint64_t>(span.seconds), static_cast<uint64_t>(span.nanoseconds)}
                               : add(call.world.clock_floor[clock], span);
  return sleep(call, allowed, clock, until, absolute ? 0 : call.address(3));
}

}  // namespace rules
}  // namespace cupel::props
