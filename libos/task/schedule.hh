#pragma once
#include <algorithm>
#include <cstdint>

namespace cupel::libos {

enum class SchedulingPolicy : uint32_t { other = 0, fifo = 1, round_robin = 2, batch = 3, idle = 5, deadline = 6, extensible = 7 };
constexpr bool is_realtime(SchedulingPolicy policy) { return policy == SchedulingPolicy::fifo || policy == SchedulingPolicy::round_robin; }

// How a task has asked to be scheduled. The platform schedules as it likes: what is kept here is told, and handed on to children.
struct Schedule {
  SchedulingPolicy policy = SchedulingPolicy::other;
  bool resets_on_fork = false;
  int32_t priority = 0;  // of real-time policies: 1 to 99
  int32_t nice = 0;      // -20 to 19

  // sched_fork() of Linux's kernel/sched/core.c: what a privileged parent may have is not for its children where it says so.
  Schedule of_child() const {
    if (!resets_on_fork) return *this;
    if (is_realtime(policy)) return {};
    Schedule child = *this;
    child.resets_on_fork = false;
    child.nice = std::max(nice, 0);
    return child;
  }
};

}  // namespace cupel::libos
