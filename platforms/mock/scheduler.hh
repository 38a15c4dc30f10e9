#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace cupel::mock {

enum class Order : uint8_t {
  in_order,  // who has the earliest work goes first; nobody is interrupted in a call
  random,    // any, at every preemption point
  pct,       // by random priorities which drop at `depth` - 1 random points (Burckhardt et al., ASPLOS 2010)
};

struct Schedule {
  Order order = Order::in_order;
  uint32_t seed = 0;
  uint32_t depth = 3;            // PCT: how many ordering constraints a bug may need
  uint32_t points_expected = 1;  // PCT: among how many preemption points the change points are drawn
};

// Decides who runs next. It knows tasks by small numbers, and nothing else of them.
class Scheduler {
 public:
  void reset(const Schedule& schedule);
  // A task came into being: PCT gives it its priority now.
  void add(uint32_t task);
  // One of `ready`, never empty, in ascending order of task. `due[task]` is what in_order goes by.
  uint32_t pick(std::span<const uint32_t> ready, std::span<const uint64_t> due);
  // `task` has come to a preemption point: PCT counts it.
  void at_point(uint32_t task);

  uint32_t points() const { return points_; }
  uint32_t tasks() const { return tasks_; }
  uint32_t depth() const { return schedule_.depth; }
  // PCT's lower bound on the probability of hitting any bug of its depth with a random seed, given what this run was
  // like: 1 / (tasks * points^(depth-1)).
  double pct_bound() const;

 private:
  uint32_t below(uint32_t bound);

  Schedule schedule_;
  uint64_t state_ = 0;  // splitmix64
  uint32_t points_ = 0;
  uint32_t tasks_ = 0;
  std::vector<uint64_t> priorities_;    // by task; higher runs first
  std::vector<uint32_t> change_points_;  // ascending
  size_t next_change_ = 0;
};

}  // namespace cupel::mock
