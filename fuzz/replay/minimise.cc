#include "fuzz/replay/minimise.hh"

namespace cupel::fuzz {

Input minimise(const Input& input, const Replay& finding, const ReplayOptions& options, std::chrono::milliseconds time_max) {
  const auto until = std::chrono::steady_clock::now() + time_max;
  auto target = find_target(input.target)->make();
  const auto still_fails = [&](const Input& candidate) {
    auto again = replay(candidate, options);
    return again && again->verdict != "ok" && again->oracle == finding.oracle;
  };
  Input best = input;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (Bytes& bytes : target->simpler(best.bytes)) {
      if (std::chrono::steady_clock::now() >= until) return best;
      Input candidate{best.file, best.target, std::move(bytes), {}};
      if (!still_fails(candidate)) continue;
      best = std::move(candidate);
      smaller = true;
      break;
    }
  }
  return best;
}

}  // namespace cupel::fuzz
