#pragma once
#include "props/model/world.hh"

// Times: clocks never go back, and a sleep lasts at least as long as it was to last.
namespace cupel::props {

inline bool is_valid(const Timespec& time) { return time.seconds >= 0 && time.nanoseconds >= 0 && time.nanoseconds < 1'000'000'000; }

inline bool is_before(const Timespec& time, const Stamp& floor) {
  if (!floor.known) return false;
  const auto seconds = static_cast<uint64_t>(time.seconds);
  return seconds < floor.seconds || (seconds == floor.seconds && static_cast<uint64_t>(time.nanoseconds) < floor.nanoseconds);
}

inline void raise(Stamp& floor, const Timespec& time) {
  if (is_before(time, floor)) return;
  floor = {true, static_cast<uint64_t>(time.seconds), static_cast<uint64_t>(time.nanoseconds)};
}

}  // namespace cupel::props
