#pragma once
#include <array>
#include <cstdint>

#include "libos/machine/config.hh"

namespace cupel::libos {

// getrlimit(2)'s resources, as Linux numbers them.
enum class LimitOf : uint32_t {
  processor_time = 0, file_size = 1, data = 2, stack = 3, core = 4, resident = 5, tasks = 6, descriptors = 7,
  locked = 8, space = 9, locks = 10, signals = 11, queues = 12, nice = 13, realtime = 14, realtime_span = 15,
};
inline constexpr size_t limits_count = 16;
inline constexpr uint64_t unlimited = UINT64_MAX;

struct Limit {
  uint64_t soft, hard;
};

// A process's limits. They start at the machine's bounds and at what Linux starts a process with.
class Limits {
 public:
  explicit Limits(const Config& config) {
    all_.fill({unlimited, unlimited});
    const auto both = [&](LimitOf what, uint64_t value) { (*this)[what] = {value, value}; };
    both(LimitOf::file_size, config.file_size_max);
    both(LimitOf::core, 0);
    both(LimitOf::tasks, config.tasks_max);
    both(LimitOf::descriptors, config.descriptors_max);
    both(LimitOf::locked, config.locked_max);
    both(LimitOf::signals, config.signals_max);
    both(LimitOf::queues, 819'200);
    both(LimitOf::nice, 0);
    both(LimitOf::realtime, 0);
    (*this)[LimitOf::stack].soft = 8 << 20;
  }

  Limit& operator[](LimitOf what) { return all_[static_cast<size_t>(what)]; }
  uint64_t soft(LimitOf what) const { return all_[static_cast<size_t>(what)].soft; }

 private:
  std::array<Limit, limits_count> all_;
};

}  // namespace cupel::libos
