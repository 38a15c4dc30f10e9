// select, pselect6.
#include <poll.h>

#include <algorithm>
#include <array>

#include "props/model/clocks.hh"
#include "props/model/rules.hh"
#include "props/model/streams.hh"

namespace cupel::props {
namespace {

constexpr size_t sets_count = 3, word_bits = 64;
constexpr std::array<uint32_t, sets_count> set_events{POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR | POLLNVAL, POLLWRNORM | POLLWRBAND | POLLOUT | POLLERR | POLLNVAL,
                                                      POLLPRI | POLLNVAL};

enum class Wait : uint8_t { none, bounded, forever };

// One word of each set: as many descriptors as the table of a small machine begins with.
using Sets = std::array<uint64_t, sets_count>;

Result<Sets> read_sets(const Call& call, uint32_t count) {
  Sets sets{};
  for (size_t set = 0; set < sets_count && count > 0; ++set) {
    if (call.address(1 + set) != 0) sets[set] = TRY(call.read_once<uint64_t>(call.address(1 + set)));
  }
  return sets;
}

// `time_left`: where the call may tell how much of its timeout is left; zero for nowhere.
Result<> select(const Call& call, Allowed& allowed, Wait how, uint64_t time_left) {
  const auto tells_time = [&](size_t size = sizeof(Timespec)) {
    if (time_left != 0) allowed.writes_anything(time_left, call.writable(time_left, size));
  };
  const auto fails = [&](Errno error) {
    allowed.fails_with_effect(error);
    tells_time();
    return Result<>{};
  };
  if (call.arg<int32_t>(0) < 0) return fails(Errno::inval);
  const uint32_t count = std::min(call.arg<uint32_t>(0), static_cast<uint32_t>(word_bits));
  const auto asked = read_sets(call, count);
  if (!asked) return fails(asked.error());
  // Who sleeps, sleeps on the files that the numbers stood for when it began.
  size_t next_polled = 0;
  const auto file_of = [&](uint32_t number) {
    const bool sleeps = call.resumed() && next_polled < call.task.polled.size();
    return sleeps ? call.task.polled[next_polled++] : call.file_id(static_cast<int32_t>(number));
  };
  int64_t certain = 0, possible = 0;
  for (uint32_t number = 0; number < count; ++number) {
    const uint64_t bit = uint64_t{1} << number;
    if (std::ranges::none_of(*asked, [&](uint64_t set) { return (set & bit) != 0; })) continue;
    const FileId id = file_of(number);
    if (id == FileId::none) return fails(Errno::badf);
    call.polls(id);
  }
  next_polled = 0;
  Sets must{}, may{};
  for (uint32_t number = 0; number < count; ++number) {
    const uint64_t bit = uint64_t{1} << number;
    if (std::ranges::none_of(*asked, [&](uint64_t set) { return (set & bit) != 0; })) continue;
    const FileId id = file_of(number);
    const Readiness ready = call.at(id).is_path() ? Readiness{POLLNVAL, POLLNVAL} : readiness_of(call.world, call.at(id));
    for (size_t set = 0; set < sets_count; ++set) {
      if (((*asked)[set] & bit) == 0) continue;
      if ((ready.certain & set_events[set]) != 0) must[set] |= bit, ++certain;
      if ((ready.possible & set_events[set]) != 0) may[set] |= bit, ++possible;
    }
  }
  if (certain == 0 && how != Wait::none) allowed.blocks();
  const int64_t least = certain > 0 || how != Wait::forever ? certain : 1;
  bool can_tell = true;
  for (size_t set = 0; set < sets_count && count > 0; ++set) {
    const uint64_t address = call.address(1 + set);
    can_tell = can_tell && (address == 0 || call.writable(address, sizeof(uint64_t)) == sizeof(uint64_t));
  }
  if (least > possible) return {};
  if (can_tell) allowed.returns(least, possible);
  else allowed.fails_with_effect(Errno::fault);
  for (size_t set = 0; set < sets_count && count > 0; ++set) {
    const uint64_t address = call.address(1 + set);
    if (address == 0) continue;
    const uint64_t mask = ~(may[set] & ~must[set]);
    if (can_tell) allowed.writes(address, std::as_bytes(std::span(&must[set], 1)), std::as_bytes(std::span(&mask, 1)));
    else allowed.writes_anything(address, call.writable(address, sizeof(uint64_t)));
  }
  tells_time();
  return {};
}

}  // namespace

namespace rules {

Result<> select(const Call& call, Allowed& allowed) {
  struct Timeval {
    int64_t seconds, microseconds;
  };
  Wait how = Wait::forever;
  if (call.address(4) != 0) {
    const auto given = TRY(call.read_once<Timeval>(call.address(4)));
    constexpr int64_t second = 1'000'000;
    int64_t seconds;
    const bool too_far = __builtin_add_overflow(given.seconds, given.microseconds / second, &seconds);
    if (too_far || seconds < 0 || given.microseconds % second < 0) return fail(Errno::inval);
    how = seconds == 0 && given.microseconds % second == 0 ? Wait::none : Wait::bounded;
  }
  return props::select(call, allowed, how, how == Wait::bounded ? call.address(4) : 0);
}

Result<> pselect6(const Call& call, Allowed& allowed) {
  struct Mask {
    uint64_t address, size;
  } mask{};
  if (call.address(5) != 0) mask = TRY(call.read_once<Mask>(call.address(5)));
  Wait how = Wait::forever;
  if (call.address(4) != 0) {
    const auto timeout = TRY(call.read_once<Timespec>(call.address(4)));
    if (!is_valid(timeout)) return fail(Errno::inval);
    how = timeout.seconds == 0 && timeout.nanoseconds == 0 ? Wait::none : Wait::bounded;
  }
  if (mask.address != 0) {
    if (mask.size != sizeof(uint64_t)) return fail(Errno::inval);
    if (const auto read = call.read_once<uint64_t>(mask.address); !read) return fail(read.error());
  }
  return props::select(call, allowed, how, how == Wait::bounded ? call.address(4) : 0);
}

}  // namespace rules
}  // namespace cupel::props
