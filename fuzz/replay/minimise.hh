#pragma once
#include "fuzz/replay/replay.hh"

namespace cupel::fuzz {

// The smallest input found, by walking Target::simpler(), that still gives a verdict of the same oracle. Stops at a
// fixed point or when `time_max` (monotonic) is spent; the best so far is returned either way.
Input minimise(const Input& input, const Replay& finding, const ReplayOptions& options, std::chrono::milliseconds time_max);

}  // namespace cupel::fuzz
