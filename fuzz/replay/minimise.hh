#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <span>

#include "fuzz/replay/replay.hh"

namespace cupel::fuzz {

// Asked with inputs, most drastically simplified first: the index of the first which still fails in the same way. It stops
// asking at `until`. Nothing: none of them does, or time is up.
using Judge = std::function<std::optional<size_t>(std::span<const Bytes> candidates, std::chrono::steady_clock::time_point until)>;

// Fails in the same way: a plain replay gives a verdict of the same oracle as `finding`, seen at the same place or call. A
// judge that let the call change would let one bug's input shrink into another's, and the first bug would be lost.
Judge judge_by_replay(const Replay& finding, const ReplayOptions& options);

// The smallest input found, by walking Target::simpler(), that `judge` still accepts. Stops at a fixed point or when
// `time_max` (monotonic) is spent; the best so far is returned either way.
Input minimise(const Input& input, const Judge& judge, std::chrono::milliseconds time_max);

}  // namespace cupel::fuzz
