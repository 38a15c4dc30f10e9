#include "platforms/mock/scheduler.hh"

#include <algorithm>
#include <cmath>

#include "libos/base/check.hh"
#include "platforms/mock/chance.hh"

namespace cupel::mock {

void Scheduler::reset(const Schedule& schedule) {
  schedule_ = schedule;
  state_ = schedule.seed;
  points_ = tasks_ = 0;
  next_change_ = 0;
  priorities_.clear();
  change_points_.clear();
  if (schedule.order != Order::pct) return;
  for (uint32_t change = 1; change < schedule.depth; ++change) change_points_.push_back(1 + below(std::max(1u, schedule.points_expected)));
  std::ranges::sort(change_points_);
}

uint32_t Scheduler::below(uint32_t bound) { return static_cast<uint32_t>((splitmix64(state_) >> 32) * bound >> 32); }

void Scheduler::add(uint32_t task) {
  tasks_ = std::max(tasks_, task + 1);
  if (schedule_.order != Order::pct) return;
  if (priorities_.size() <= task) priorities_.resize(task + 1);
  // All above the priorities that change points give out; ties go to the lower number.
  priorities_[task] = uint64_t{schedule_.depth} + (splitmix64(state_) >> 1);
}

void Scheduler::at_point(uint32_t task) {
  ++points_;
  if (schedule_.order != Order::pct) return;
  while (next_change_ < change_points_.size() && change_points_[next_change_] == points_) {
    // The i-th change point gives priority depth - i: each lower than all before.
    ++next_change_;
    priorities_[task] = schedule_.depth - next_change_;
  }
}

uint32_t Scheduler::pick(std::span<const uint32_t> ready, std::span<const uint64_t> due) {
  CHECK(!ready.empty());
  if (ready.size() == 1) return ready.front();
  switch (schedule_.order) {
    case Order::random: return ready[below(static_cast<uint32_t>(ready.size()))];
    case Order::in_order: return *std::ranges::min_element(ready, {}, [&](uint32_t task) { return due[task]; });
    case Order::pct: return *std::ranges::max_element(ready, {}, [&](uint32_t task) { return priorities_[task]; });
  }
  return ready.front();
}

double Scheduler::pct_bound() const {
  const double points = std::max({1u, points_, schedule_.points_expected});
  return 1.0 / (std::max(1u, tasks_) * std::pow(points, static_cast<double>(schedule_.depth) - 1));
}

}  // namespace cupel::mock
