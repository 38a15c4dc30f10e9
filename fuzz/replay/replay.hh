#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "fuzz/replay/input.hh"

namespace cupel::fuzz {

struct Replay {
  std::string file;
  std::string target;
  std::string verdict;  // "ok", "finding" (an oracle spoke), "crash" (a sanitizer, a CHECK or a signal), "hang"
  std::string oracle, call, expected, got;
  std::string place{};  // of a crash: where in our source, as far as its report says
  uint64_t trace_hash = 0;
  bool stable = true;   // every repetition gave the same hash and verdict
};

struct ReplayOptions {
  std::vector<std::string> without;  // oracles switched off
  unsigned repeat = 1;
  std::chrono::seconds time_max{60};  // for one replay, on the monotonic clock; beyond: "hang"
};

// What two failures of one bug share beside the oracle: of a crash its place in the source, of anything else the name of
// the call that it was seen at ("7: write(r0, ...)" -> "write").
std::string where_seen(const Replay& finding);

// Runs the input in a process of its own, so that whatever it does to that process is a verdict and not our end.
// The error says what in the request is wrong.
std::expected<Replay, std::string> replay(const Input& input, const ReplayOptions& options);

}  // namespace cupel::fuzz
