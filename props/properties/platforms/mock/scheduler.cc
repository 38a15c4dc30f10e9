#include "platforms/mock/scheduler.hh"

#include <algorithm>
#include <numeric>
#include <set>

#include "props/properties/chooser.hh"

namespace cupel::props {
namespace {

using namespace mock;

template <Chooser C>
std::vector<uint32_t> some_ready(C& choose, uint32_t tasks) {
  std::vector<uint32_t> ready;
  const uint32_t bits = 1 + choose.below((1u << tasks) - 1);
  for (uint32_t task = 0; task < tasks; ++task) {
    if ((bits >> task & 1) != 0) ready.push_back(task);
  }
  return ready;
}

template <Chooser C>
void whoever_is_picked_is_ready_and_in_order_has_the_earliest_work(C& choose) {
  constexpr uint32_t tasks = 4;
  for (const Order order : {Order::in_order, Order::random, Order::pct}) {
    Scheduler scheduler, twin;
    const Schedule schedule{.order = order, .seed = choose.below(1000), .depth = 1 + choose.below(4), .points_expected = 20};
    for (Scheduler* each : {&scheduler, &twin}) {
      each->reset(schedule);
      for (uint32_t task = 0; task < tasks; ++task) each->add(task);
    }
    std::vector<uint64_t> due(tasks);
    for (uint32_t rounds = choose.below(30); rounds > 0; --rounds) {
      for (uint64_t& one : due) one = choose.below(10);
      const auto ready = some_ready(choose, tasks);
      const uint32_t picked = scheduler.pick(ready, due);
      CLAIM(std::ranges::find(ready, picked) != ready.end());
      CLAIM(twin.pick(ready, due) == picked);
      if (order == Order::in_order) {
        for (const uint32_t other : ready) CLAIM(due[picked] <= due[other]);
      }
      scheduler.at_point(picked), twin.at_point(picked);
    }
  }
}

// For any seed: 64 picks of each of four tasks in expectation, and at least one.
template <Chooser C>
void a_random_schedule_starves_nobody(C& choose) {
  constexpr uint32_t tasks = 4, rounds = 256;
  Scheduler scheduler;
  scheduler.reset({.order = Order::random, .seed = choose.below(UINT16_MAX)});
  for (uint32_t task = 0; task < tasks; ++task) scheduler.add(task);
  std::vector<uint32_t> ready(tasks);
  std::iota(ready.begin(), ready.end(), 0u);
  const std::vector<uint64_t> due(tasks);
  std::vector<uint32_t> picks(tasks);
  for (uint32_t round = 0; round < rounds; ++round) ++picks[scheduler.pick(ready, due)];
  for (const uint32_t count : picks) CLAIM(count > 0);
}

// With PCT the order of tasks changes at most depth - 1 times.
template <Chooser C>
void pct_interrupts_at_most_as_often_as_its_depth_says(C& choose) {
  constexpr uint32_t tasks = 4;
  const uint32_t depth = 1 + choose.below(5);
  Scheduler scheduler;
  scheduler.reset({.order = Order::pct, .seed = choose.below(UINT16_MAX), .depth = depth, .points_expected = 50});
  for (uint32_t task = 0; task < tasks; ++task) scheduler.add(task);
  const std::vector<uint32_t> ready{0, 1, 2, 3};
  const std::vector<uint64_t> due(tasks);
  uint32_t changes = 0, last = scheduler.pick(ready, due);
  for (uint32_t point = 0; point < 100; ++point) {
    scheduler.at_point(last);
    const uint32_t picked = scheduler.pick(ready, due);
    changes += picked != last ? 1 : 0;
    last = picked;
  }
  CLAIM(changes <= depth - 1);
}

CUPEL_PROPERTY(MockScheduler, whoever_is_picked_is_ready_and_in_order_has_the_earliest_work)
CUPEL_PROPERTY(MockScheduler, a_random_schedule_starves_nobody)
CUPEL_PROPERTY(MockScheduler, pct_interrupts_at_most_as_often_as_its_depth_says)

}  // namespace
}  // namespace cupel::props
