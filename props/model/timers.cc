// timerfd_create, timerfd_settime, timerfd_gettime, and reading from a timer.
#include <fcntl.h>
#include <sys/timerfd.h>
#include <time.h>

#include "props/model/clocks.hh"
#include "props/model/rules.hh"
#include "props/model/streams.hh"

namespace cupel::props {
namespace {

// The time of a relative timer counts from when its clock was looked at last, or later.
Stamp after(const Stamp& floor, const Timespec& span) {
  constexpr uint64_t second = 1'000'000'000;
  const uint64_t nanoseconds = floor.nanoseconds + static_cast<uint64_t>(span.nanoseconds);
  return {floor.known, floor.seconds + static_cast<uint64_t>(span.seconds) + nanoseconds / second, nanoseconds % second};
}

bool is_past(const World& world, const Timer& timer) {
  const Stamp& floor = world.clock_floor[timer.clock];
  const Stamp& until = timer.until;
  return timer.exact && until.known && floor.known && (floor.seconds > until.seconds || (floor.seconds == until.seconds && floor.nanoseconds >= until.nanoseconds));
}

struct TimerBytes {
  Timespec interval, value;
};

bool is_zero(const Timespec& time) { return time.seconds == 0 && time.nanoseconds == 0; }
bool is_more(const Timespec& one, const Timespec& other) { return one.seconds > other.seconds || (one.seconds == other.seconds && one.nanoseconds > other.nanoseconds); }

Span now(const World& world, const Timer& timer) { return timer.clock == CLOCK_REALTIME ? world.moment.realtime : world.moment.monotonic; }

// When a timer that is set now runs out first.
Span due(const World& world, const Timer& timer, const Timespec& value, bool absolute) {
  constexpr int64_t seconds_max = 1 << 30;  // longer ones may be too long to be counted
  const Span by = now(world, timer);
  if (is_zero(value) || value.seconds > seconds_max || by.to == UINT64_MAX) return {0, 0};
  const uint64_t span = static_cast<uint64_t>(value.seconds) * 1'000'000'000 + static_cast<uint64_t>(value.nanoseconds);
  return absolute ? Span{span, span} : Span{by.from + span, by.to + span};
}

// What is left of a timer that has not run out.
std::string inspect_left(const World& world, const Timer& timer, const Timespec& left) {
  const Span by = now(world, timer);
  if (!timer.runs || timer.unsure || timer.due.from <= by.to) return "";
  const uint64_t shown = static_cast<uint64_t>(left.seconds) * 1'000'000'000 + static_cast<uint64_t>(left.nanoseconds);
  if (shown < timer.due.from - by.to) return "less time left than there is";
  if (shown > timer.due.to - by.from) return "more time left than there is";
  return "";
}

// A setting as it is told: the interval as it was set, and at most what was left then.
std::string inspect(const World& world, const Timer& timer, const TimerBytes& seen) {
  if (!is_valid(seen.value)) return "a time that is none";
  if (!timer.known) return "";
  const bool clamped = timer.interval.seconds >= INT64_MAX / 1'000'000'000 - 1;  // longer than nanoseconds can count
  if (!clamped && (seen.interval.seconds != timer.interval.seconds || seen.interval.nanoseconds != timer.interval.nanoseconds)) return "another interval";
  if (!timer.runs && !is_zero(seen.value)) return "time left of a timer that does not run";
  if (timer.relative && is_more(seen.value, timer.span) && is_more(seen.value, timer.interval)) return "more time left than there was";
  return inspect_left(world, timer, seen.value);
}

Result<TimerId> timer_of(const Call& call, FileId id) { return call.at(id).timer != TimerId::none ? Result<TimerId>(call.at(id).timer) : fail(Errno::inval); }

void show(const Call& call, Allowed& allowed, TimerId id, uint64_t address) {
  allowed.writes_anything(address, sizeof(TimerBytes));
  allowed.inspect([id, address](const World& world, const Actual& actual) {
    const auto seen = actual.number<TimerBytes>(address);
    return seen ? inspect(world, world.timers[id], *seen) : std::string();
  });
  static_cast<void>(call);
}

}  // namespace

Readiness timer_readiness(const World& world, const Timer& timer) {
  constexpr uint32_t readable = 1;  // POLLIN
  if (!timer.runs && !timer.unsure && timer.known) return {};
  return {timer.known && timer.runs && !timer.unsure && is_past(world, timer) ? readable : 0, readable};
}

Result<> read_timer(const Call& call, Allowed& allowed, FileId id, Pieces pieces) {
  const OpenFile& file = call.at(id);
  const TimerId timer_id = file.timer;
  const Timer& timer = call.world.timers[timer_id];
  if (total_size(pieces) < sizeof(uint64_t)) return fail(Errno::inval);
  const Readiness ready = timer_readiness(call.world, timer);
  if (ready.certain == 0) {
    if (file.has(O_NONBLOCK)) allowed.may_fail(Errno::again);
    if (!file.has(O_NONBLOCK) || call.resumed()) allowed.blocks();
    if (ready.possible == 0) return {};
  }
  // It has run out, and so its clock shows at least that.
  const auto read = [timer_id](World& world, const Actual&) {
    Timer& taken = world.timers[timer_id];
    if (taken.until.known && world.bounds.sleeps_last) raise(world.clock_floor[taken.clock], {static_cast<int64_t>(taken.until.seconds), static_cast<int64_t>(taken.until.nanoseconds)});
    taken.unsure = false;
    taken.due = {0, 0};
    taken.exact = false;  // how often it has run out by then is not known
    taken.until = is_zero(taken.interval) ? Stamp{} : after(taken.until, taken.interval);
    taken.runs = !is_zero(taken.interval);
  };
  const size_t room = call.writable(pieces, sizeof(uint64_t));
  const auto writes = [&](bool exact) {
    const uint64_t once = 1;
    size_t done = 0;
    for (const Piece& piece : pieces) {
      const size_t step = std::min<uint64_t>(piece.size, room - done);
      if (exact) allowed.writes(piece.address, std::as_bytes(std::span(&once, 1)).subspan(done, step));
      else allowed.writes_anything(piece.address, step);
      done += step;
    }
  };
  allowed.fails_with_effect(Errno::fault);
  if (room > 0) allowed.only_with(Fault::copy);
  writes(false);
  allowed.then([timer_id](World& world, const Actual&) { world.timers[timer_id].unsure = true; });
  if (room == 0) return {};
  allowed.transfers(static_cast<int64_t>(room), static_cast<int64_t>(room));
  writes(is_zero(timer.interval) && !timer.unsure && timer.known);
  allowed.then(read);
  return {};
}

namespace rules {

Result<> timerfd_create(const Call& call, Allowed& allowed) {
  const auto clock = call.arg<int32_t>(0);
  const auto flags = call.arg<uint32_t>(1);
  if ((flags & ~static_cast<uint32_t>(TFD_CLOEXEC | TFD_NONBLOCK)) != 0) return fail(Errno::inval);
  if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) return fail(Errno::perm);
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME) return fail(Errno::inval);
  TRY(call.room_for_descriptors(1));
  allowed.returns(call.table().lowest_free());
  allowed.then([clock, flags, table = call.task.table](World& world, const Actual&) {
    const FileId file = world.files.make();
    world.files[file].inode = world.make_inode(FileType::anonymous, 0600);
    world.files[file].timer = world.timers.make();
    world.timers[world.files[file].timer].clock = clock;
    world.files[file].flags = O_RDWR | (flags & TFD_NONBLOCK);
    world.install(table, file, (flags & TFD_CLOEXEC) != 0);
  });
  return {};
}

Result<> timerfd_settime(const Call& call, Allowed& allowed) {
  const auto flags = call.arg<uint32_t>(1);
  const uint64_t before = call.address(3);
  const auto setting = TRY(call.read<TimerBytes>(call.address(2)));
  if ((flags & ~3u) != 0 || !is_valid(setting.interval) || !is_valid(setting.value)) return fail(Errno::inval);
  const TimerId id = TRY(timer_of(call, TRY(call.file(0))));
  const auto set = [id, setting, absolute = (flags & TFD_TIMER_ABSTIME) != 0](World& world, const Actual&) {
    Timer& timer = world.timers[id];
    timer.interval = setting.interval;
    timer.runs = !is_zero(setting.value);
    timer.relative = !absolute;
    timer.span = setting.value;
    timer.unsure = false;
    timer.known = true;
    timer.exact = absolute;
    timer.due = due(world, timer, setting.value, absolute);
    timer.until = absolute ? Stamp{true, static_cast<uint64_t>(setting.value.seconds), static_cast<uint64_t>(setting.value.nanoseconds)} : after(world.clock_floor[timer.clock], setting.value);
  };
  const bool can_tell = before == 0 || call.writable(before, sizeof(TimerBytes)) == sizeof(TimerBytes);
  if (before != 0) {
    const auto scribbles = [&] { allowed.writes_anything(before, call.writable(before, sizeof(TimerBytes))); };
    // Which of the two copies stopped half-way, nobody tells.
    allowed.fails_with_effect(Errno::fault);
    allowed.only_with(Fault::copy);
    scribbles();
    allowed.then([id](World& world, const Actual&) { world.timers[id].known = false, world.timers[id].until = {}; });
    if (!can_tell) {
      allowed.fails_with_effect(Errno::fault);
      scribbles();
      allowed.then(set);
    }
  }
  if (!can_tell) return {};
  allowed.returns(0);
  if (before != 0) show(call, allowed, id, before);
  allowed.then(set);
  return {};
}

Result<> timerfd_gettime(const Call& call, Allowed& allowed) {
  const TimerId id = TRY(timer_of(call, TRY(call.file(0))));
  TRY(call.can_store(allowed, call.address(1), sizeof(TimerBytes)));
  allowed.returns(0);
  show(call, allowed, id, call.address(1));
  return {};
}

}  // namespace rules
}  // namespace cupel::props
