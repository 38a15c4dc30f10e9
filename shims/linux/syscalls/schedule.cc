#include "shims/linux/syscalls/schedule.hh"

#include <algorithm>

#include "libos/machine/machine.hh"
#include "libos/task/process.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr int32_t nice_min = -20, nice_max = 19;
constexpr int32_t priority_min = 1, priority_max = 99;

// The thread that an id means, oneself for 0.
Result<Task*> find_thread(Task& task, int32_t pid) {
  if (pid < 0) return fail(Errno::inval);
  Task* const found = pid == 0 ? &task : task.machine().find_named(pid);
  return found == nullptr ? fail(Errno::srch) : Result<Task*>(found);
}

// Calls `what` with each thread of a process group, or of a user; ESRCH where there is none.
template <class What>
Result<> for_each_meant(Task& task, WhosePriority which, int32_t who, What what) {
  const auto is_meant = [&](const Task& other) {
    switch (which) {
      case WhosePriority::process: return other.tid() == (who == 0 ? task.tid() : who);
      case WhosePriority::group: return other.process().group == (who == 0 ? task.process().group : who);
      case WhosePriority::user: return other.credentials.uid == (who == 0 ? task.credentials.uid : static_cast<uint32_t>(who));
    }
    return false;
  };
  bool any = false;
  for (Task& other : task.machine().tasks()) {
    if (other.uncollected() || !is_meant(other)) continue;
    what(other);
    any = true;
  }
  return any ? Result<>{} : fail(Errno::srch);
}

// The caller is root, and so may ask for all that there is.
Result<> give(Schedule& schedule, Schedule wanted) {
  const bool known = wanted.policy == SchedulingPolicy::other || wanted.policy == SchedulingPolicy::batch ||
                     wanted.policy == SchedulingPolicy::idle || is_realtime(wanted.policy);
  if (!known) return fail(Errno::inval);
  const int32_t low = is_realtime(wanted.policy) ? priority_min : 0, high = is_realtime(wanted.policy) ? priority_max : 0;
  if (wanted.priority < low || wanted.priority > high) return fail(Errno::inval);
  schedule = wanted;
  return {};
}

}  // namespace

// The nice value as 1 to 40, the highest of those meant.
Result<uint64_t> getpriority(Task& task, Choice<WhosePriority> which, TaskId who) {
  int32_t lowest = nice_max;
  TRY(for_each_meant(task, TRY(which.get()), who.value, [&](const Task& meant) { lowest = std::min(lowest, meant.schedule.nice); }));
  return static_cast<uint64_t>(nice_max + 1 - lowest);
}

Result<Done> setpriority(Task& task, Choice<WhosePriority> which, TaskId who, Nice nice) {
  const int32_t value = std::clamp(nice.value, nice_min, nice_max);
  TRY(for_each_meant(task, TRY(which.get()), who.value, [&](Task& meant) { meant.schedule.nice = value; }));
  return Done{};
}

Result<Done> sched_setparam(Task& task, TaskId pid, UserIn<Word32> param) {
  if (param.is_null() || pid.value < 0) return fail(Errno::inval);
  const int32_t priority = TRY(param.read(task.memory())).value;
  Task* const meant = TRY(find_thread(task, pid.value));
  Schedule wanted = meant->schedule;
  wanted.priority = priority;
  TRY(give(meant->schedule, wanted));
  return Done{};
}

Result<Done> sched_setscheduler(Task& task, TaskId pid, Flags<SchedulingMode, Unknown::late> mode, UserIn<Word32> param) {
  constexpr auto reset = static_cast<uint32_t>(SchedulingMode::reset_on_fork);
  if (static_cast<int32_t>(mode.bits) < 0 || param.is_null() || pid.value < 0) return fail(Errno::inval);
  const int32_t priority = TRY(param.read(task.memory())).value;
  Task* const meant = TRY(find_thread(task, pid.value));
  Schedule wanted = meant->schedule;
  wanted.policy = SchedulingPolicy(mode.bits & ~reset);
  wanted.resets_on_fork = (mode.bits & reset) != 0;
  wanted.priority = priority;
  TRY(give(meant->schedule, wanted));
  return Done{};
}

Result<Done> sched_getparam(Task& task, TaskId pid, UserOut<Word32> param) {
  if (param.is_null()) return fail(Errno::inval);
  const Task* const meant = TRY(find_thread(task, pid.value));
  TRY(param.write(task.memory(), {meant->schedule.priority}));
  return Done{};
}

Result<uint64_t> sched_getscheduler(Task& task, TaskId pid) {
  const Schedule& schedule = TRY(find_thread(task, pid.value))->schedule;
  return static_cast<uint64_t>(schedule.policy) | (schedule.resets_on_fork ? static_cast<uint64_t>(SchedulingMode::reset_on_fork) : 0);
}

// Only round-robin promises a span; the others have what the platform gives.
Result<Done> sched_rr_get_interval(Task& task, TaskId pid, UserOut<RawTimespec> span) {
  constexpr int64_t slice = 4'000'000, round = 100'000'000;
  const Task* const meant = TRY(find_thread(task, pid.value));
  TRY(span.write(task.memory(), {0, meant->schedule.policy == SchedulingPolicy::round_robin ? round : slice}));
  return Done{};
}

// One processor: the platform does not say of more.
Result<Done> sched_setaffinity(Task& task, TaskId pid, Size size, UserIn<RawProcessors> mask) {
  const size_t given = std::min<size_t>(static_cast<uint32_t>(size.value), sizeof(RawProcessors));
  RawProcessors wanted{};
  TRY(task.memory().read(mask.address, std::as_writable_bytes(std::span(&wanted, 1)).first(given)));
  if (pid.value != 0 && task.machine().find_named(pid.value) == nullptr) return fail(Errno::srch);
  return (wanted.bits & 1) != 0 ? Result<Done>(Done{}) : fail(Errno::inval);
}

Result<uint64_t> sched_getaffinity(Task& task, TaskId pid, Size size, UserOut<RawProcessors> mask) {
  const auto room = static_cast<uint32_t>(size.value);
  const uint32_t bits = room * 8;  // in 32 bits, as Linux counts them
  if (bits == 0 || room % sizeof(RawProcessors) != 0) return fail(Errno::inval);
  if (pid.value != 0 && task.machine().find_named(pid.value) == nullptr) return fail(Errno::srch);
  TRY(mask.write(task.memory(), {1}));
  return sizeof(RawProcessors);
}

Result<Done> getcpu(Task& task, OptionalOut<Word32> processor, OptionalOut<Word32> node, Address) {
  // Each is written even where the other cannot be.
  const bool told = processor.is_null() || processor.write(task.memory(), {0}).has_value();
  const bool told_too = node.is_null() || node.write(task.memory(), {0}).has_value();
  return told && told_too ? Result<Done>(Done{}) : fail(Errno::fault);
}

Result<Done> sysinfo(Task& task, UserOut<RawSysinfo> out) {
  constexpr platform::Nanoseconds second = 1'000'000'000;
  RawSysinfo all{};
  all.uptime = static_cast<uint64_t>(task.platform().now(platform::ClockBase::monotonic) / second);
  all.memory = task.arena().size();
  all.free_memory = all.memory - std::min<uint64_t>(all.memory, task.arena().allocated_size());
  all.tasks = static_cast<uint16_t>(task.machine().task_count());
  all.unit = 1;
  TRY(out.write(task.memory(), all));
  return Done{};
}

}  // namespace cupel::linux_shim
