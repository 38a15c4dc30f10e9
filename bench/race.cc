#include "bench/race.hh"

#include <algorithm>
#include <chrono>

namespace cupel::bench {
namespace {

constexpr size_t turns = 5;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

Report race(const std::vector<Contestant>& contestants, double seconds) {
  std::vector<std::vector<double>> values(contestants.size());
  std::vector<std::string> errors(contestants.size());
  for (size_t turn = 0; turn < turns; ++turn) {
    for (size_t index = 0; index < contestants.size(); ++index) {
      if (!errors[index].empty()) continue;
      if (const auto value = contestants[index].turn(seconds / turns)) values[index].push_back(*value);
      else errors[index] = value.error();
    }
  }
  Report report;
  for (size_t index = 0; index < contestants.size(); ++index) {
    const Contestant& contestant = contestants[index];
    if (errors[index].empty()) report.rows.push_back({contestant.name, median(values[index]), contestant.unit, contestant.baseline});
    else report.missing.push_back(contestant.name + ": " + errors[index]);
  }
  for (Row& row : report.rows) {
    const auto baseline = std::ranges::find(report.rows, row.baseline, &Row::name);
    if (baseline == report.rows.end()) continue;
    row.baseline_value = baseline->value;
    row.ratio = row.value / row.baseline_value;
  }
  return report;
}

double rate(double seconds, const std::function<size_t()>& work) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  std::chrono::duration<double> elapsed{};
  size_t count = 0;
  do {
    count += work();
    elapsed = Clock::now() - start;
  } while (elapsed.count() < seconds);
  return static_cast<double>(count) / elapsed.count();
}

}  // namespace cupel::bench
