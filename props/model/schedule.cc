// getpriority, setpriority, sched_getparam, sched_setparam, sched_getscheduler, sched_setscheduler, sched_rr_get_interval,
// sched_getaffinity, sched_setaffinity, getcpu, sysinfo.
#include <sched.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <array>

#include "props/model/lifecycle.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

constexpr uint32_t reset_on_fork = 0x4000'0000;  // SCHED_RESET_ON_FORK

// The thread that an id means, zero being oneself; ESRCH. Who has ended has its schedule until it was waited for.
Result<TaskId> meant(const Call& call, Allowed& allowed, int32_t id) {
  if (id == 0) return call.caller;
  const Named named = find_named(call.world, id);
  if (named.process == ProcessId::none) return fail(Errno::srch);
  if (named.unsure) allowed.may_fail(Errno::srch);
  if (named.task != TaskId::none) return named.task;
  for (uint32_t index = 0; index < call.world.tasks.count(); ++index) {
    if (call.world.tasks[TaskId(index)].tid == id) return TaskId(index);
  }
  return fail(Errno::srch);
}

enum class Has : uint8_t { no, perhaps, yes };

// Whether getpriority(2) means this task too.
Has has(const World& world, TaskId caller, int32_t which, int32_t who, TaskId id) {
  const Task& task = world.tasks[id];
  const Process& process = world.processes[task.process];
  const int32_t group = world.processes[process.group].pid;
  if (which == PRIO_PROCESS && (who == 0 ? id != caller : task.tid != who)) return Has::no;
  if (which == PRIO_PGRP && group != (who == 0 ? world.processes[world.processes[world.tasks[caller].process].group].pid : who)) return Has::no;
  if (which == PRIO_USER && who != 0) return Has::no;  // all are root
  if (task.alive) return Has::yes;
  if (process.reaped) return Has::no;
  // A process's first thread is there until it is waited for; others may not yet have come to the end that another set them.
  if (task.tid != process.pid) return process.ending ? Has::perhaps : Has::no;
  return process.zombie && process.parent_unsure ? Has::perhaps : Has::yes;
}

bool is_realtime(uint32_t policy) { return policy == SCHED_FIFO || policy == SCHED_RR; }

Result<> set_schedule(Allowed& allowed, TaskId id, Schedule wanted) {
  constexpr uint32_t extensible = 7;  // SCHED_EXT: where a kernel has it
  const bool known = wanted.policy == SCHED_OTHER || wanted.policy == SCHED_BATCH || wanted.policy == SCHED_IDLE || is_realtime(wanted.policy);
  if (wanted.policy == extensible && wanted.priority == 0) allowed.may_fail(Errno::inval);
  else if (!known) return fail(Errno::inval);
  if (is_realtime(wanted.policy) ? wanted.priority < 1 || wanted.priority > 99 : wanted.priority != 0) return fail(Errno::inval);
  allowed.returns(0);
  allowed.then([id, wanted](World& world, const Actual&) { world.tasks[id].schedule = wanted; });
  return {};
}

}  // namespace

namespace rules {

Result<> getpriority(const Call& call, Allowed& allowed) {
  const auto which = call.arg<int32_t>(0), who = call.arg<int32_t>(1);
  if (which < PRIO_PROCESS || which > PRIO_USER) return fail(Errno::inval);
  if (!knows_all_ids(call.world)) return allowed.lose();
  int32_t sure = INT32_MAX, lowest = INT32_MAX, highest = INT32_MIN;
  for (uint32_t index = 0; index < call.world.tasks.count(); ++index) {
    const Has there = has(call.world, call.caller, which, who, TaskId(index));
    if (there == Has::no) continue;
    const int32_t nice = call.world.tasks[TaskId(index)].schedule.nice;
    lowest = std::min(lowest, nice), highest = std::max(highest, nice);
    if (there == Has::yes) sure = std::min(sure, nice);
  }
  if (lowest > highest) return fail(Errno::srch);
  if (sure == INT32_MAX) allowed.may_fail(Errno::srch);
  return allowed.returns(20 - (sure == INT32_MAX ? highest : sure), 20 - lowest);
}

Result<> setpriority(const Call& call, Allowed& allowed) {
  const auto which = call.arg<int32_t>(0), who = call.arg<int32_t>(1);
  if (which < PRIO_PROCESS || which > PRIO_USER) return fail(Errno::inval);
  if (!knows_all_ids(call.world)) return allowed.lose();
  Has anybody = Has::no;
  for (uint32_t index = 0; index < call.world.tasks.count(); ++index) anybody = std::max(anybody, has(call.world, call.caller, which, who, TaskId(index)));
  if (anybody == Has::no) return fail(Errno::srch);
  if (anybody == Has::perhaps) allowed.may_fail(Errno::srch);
  allowed.returns(0);
  allowed.then([caller = call.caller, which, who, nice = std::clamp(call.arg<int32_t>(2), -20, 19)](World& world, const Actual&) {
    for (uint32_t index = 0; index < world.tasks.count(); ++index) {
      if (has(world, caller, which, who, TaskId(index)) != Has::no) world.tasks[TaskId(index)].schedule.nice = nice;
    }
  });
  return {};
}

Result<> sched_getscheduler(const Call& call, Allowed& allowed) {
  if (call.arg<int32_t>(0) < 0) return fail(Errno::inval);
  if (!knows_all_ids(call.world)) return allowed.lose();
  const Schedule& schedule = call.world.tasks[TRY(meant(call, allowed, call.arg<int32_t>(0)))].schedule;
  return allowed.returns(schedule.policy | (schedule.resets_on_fork ? reset_on_fork : 0));
}

Result<> sched_setscheduler(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(2);
  if (call.arg<int32_t>(1) < 0 || address == 0 || call.arg<int32_t>(0) < 0) return fail(Errno::inval);
  const auto priority = TRY(call.read<int32_t>(address));
  if (!knows_all_ids(call.world)) return allowed.lose();
  const TaskId id = TRY(meant(call, allowed, call.arg<int32_t>(0)));
  Schedule wanted = call.world.tasks[id].schedule;
  wanted.policy = call.arg<uint32_t>(1) & ~reset_on_fork;
  wanted.resets_on_fork = (call.arg<uint32_t>(1) & reset_on_fork) != 0;
  wanted.priority = priority;
  return set_schedule(allowed, id, wanted);
}

Result<> sched_setparam(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(1);
  if (address == 0 || call.arg<int32_t>(0) < 0) return fail(Errno::inval);
  const auto priority = TRY(call.read<int32_t>(address));
  if (!knows_all_ids(call.world)) return allowed.lose();
  const TaskId id = TRY(meant(call, allowed, call.arg<int32_t>(0)));
  Schedule wanted = call.world.tasks[id].schedule;
  wanted.priority = priority;
  return set_schedule(allowed, id, wanted);
}

Result<> sched_getparam(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(1);
  if (address == 0 || call.arg<int32_t>(0) < 0) return fail(Errno::inval);
  if (!knows_all_ids(call.world)) return allowed.lose();
  const TaskId id = TRY(meant(call, allowed, call.arg<int32_t>(0)));
  TRY(call.can_store(allowed, address, sizeof(sched_param)));
  allowed.returns(0);
  allowed.writes_number<int32_t>(address, call.world.tasks[id].schedule.priority);
  return {};
}

Result<> sched_rr_get_interval(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(1);
  if (call.arg<int32_t>(0) < 0) return fail(Errno::inval);
  if (!knows_all_ids(call.world)) return allowed.lose();
  static_cast<void>(TRY(meant(call, allowed, call.arg<int32_t>(0))));
  TRY(call.can_store(allowed, address, sizeof(timespec)));
  allowed.returns(0);
  allowed.writes_anything(address, sizeof(timespec));
  allowed.inspect([address](const World&, const Actual& actual) {
    const auto span = actual.number<timespec>(address);
    return std::string(span && (span->tv_sec < 0 || span->tv_nsec < 0 || span->tv_nsec > 999'999'999) ? "a span that is none" : "");
  });
  return {};
}

// The first processor is there for certain; of the others the machine may have some. How long a mask is, is its to say as well.
Result<> sched_setaffinity(const Call& call, Allowed& allowed) {
  constexpr uint32_t word = sizeof(uint64_t), masks_max = 8192 / 8;
  const auto size = call.arg<uint32_t>(1);
  const uint64_t address = call.address(2);
  const size_t readable = call.readable(address, std::min(size, masks_max));
  if (readable < std::min(size, word)) return fail(Errno::fault);
  if (readable < std::min(size, masks_max)) allowed.may_fail(Errno::fault);
  std::array<std::byte, masks_max> mask{};
  call.load(address, std::span(mask).first(readable));
  if (!knows_all_ids(call.world)) return allowed.lose();
  static_cast<void>(TRY(meant(call, allowed, call.arg<int32_t>(0))));
  const bool has_first = (mask[0] & std::byte{1}) != std::byte{0};
  if (!has_first) allowed.may_fail(Errno::inval);
  const bool has_any = std::ranges::any_of(mask, [](std::byte bits) { return bits != std::byte{0}; });
  return has_any ? allowed.returns(0) : Result<>{};
}

// How many processors there are is the machine's to say; at least one of them is the task's.
Result<> sched_getaffinity(const Call& call, Allowed& allowed) {
  constexpr uint32_t word = sizeof(uint64_t), machines_max = 8192 / 8;
  const auto room = call.arg<uint32_t>(1);
  const uint64_t address = call.address(2);
  const uint32_t bits = room * 8;
  if (bits == 0 || room % word != 0) return fail(Errno::inval);
  if (!knows_all_ids(call.world)) return allowed.lose();
  static_cast<void>(TRY(meant(call, allowed, call.arg<int32_t>(0))));
  TRY(call.can_store(allowed, address, word));
  allowed.returns(word, std::min(room, machines_max));
  allowed.writes_anything(address, call.writable(address, std::min(room, machines_max)));
  allowed.inspect([address](const World&, const Actual& actual) {
    const auto first = actual.number<uint64_t>(address);
    return std::string(first && *first == 0 ? "no processor at all" : "");
  });
  return {};
}

Result<> getcpu(const Call& call, Allowed& allowed) {
  bool faults = false;
  for (size_t index = 0; index < 2; ++index) {
    const uint64_t address = call.address(index);
    if (address == 0) continue;
    if (!call.can_store(allowed, address, sizeof(uint32_t))) faults = true;
    else allowed.may_scribble(address, sizeof(uint32_t));
  }
  if (faults) return fail(Errno::fault);
  allowed.returns(0);
  for (size_t index = 0; index < 2; ++index) {
    if (call.address(index) != 0) allowed.writes_anything(call.address(index), sizeof(uint32_t));
  }
  return {};
}

Result<> sysinfo(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(0);
  TRY(call.can_store(allowed, address, sizeof(struct sysinfo)));
  allowed.returns(0);
  allowed.writes_anything(address, sizeof(struct sysinfo));
  allowed.inspect([address](const World&, const Actual& actual) {
    const auto seen = actual.number<struct sysinfo>(address);
    const bool odd = seen && (seen->uptime < 0 || seen->freeram > seen->totalram || seen->procs == 0 || seen->mem_unit == 0);
    return std::string(odd ? "a machine that cannot be" : "");
  });
  return {};
}

}  // namespace rules
}  // namespace cupel::props
