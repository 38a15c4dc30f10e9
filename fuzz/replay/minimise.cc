#include "fuzz/replay/minimise.hh"

namespace cupel::fuzz {

Judge judge_by_replay(const Replay& finding, const ReplayOptions& options) {
  return [finding, options](std::span<const Bytes> candidates, std::chrono::steady_clock::time_point until) -> std::optional<size_t> {
    for (size_t index = 0; index < candidates.size() && std::chrono::steady_clock::now() < until; ++index) {
      const auto again = replay({finding.file, finding.target, candidates[index], {}}, options);
      if (again && again->verdict != "ok" && again->oracle == finding.oracle && where_seen(*again) == where_seen(finding)) return index;
    }
    return std::nullopt;
  };
}

Input minimise(const Input& input, const Judge& judge, std::chrono::milliseconds time_max) {
  const auto until = std::chrono::steady_clock::now() + time_max;
  auto target = find_target(input.target)->make();
  Input best = input;
  for (;;) {
    std::vector<Bytes> candidates = target->simpler(best.bytes);
    const auto smaller = judge(candidates, until);
    if (!smaller) return best;
    best.bytes = std::move(candidates[*smaller]);
  }
}

}  // namespace cupel::fuzz
