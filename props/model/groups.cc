// setpgid, getpgid, getpgrp, setsid, getsid.
#include "props/model/lifecycle.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

Result<> returns_id(const Call& call, Allowed& allowed, ProcessId leader) {
  const int32_t pid = call.world.processes[leader].pid;
  return pid != 0 ? allowed.returns(pid) : allowed.returns(1, INT32_MAX);
}

// The process that an argument means, zero being one's own; ESRCH.
Result<ProcessId> meant(const Call& call, Allowed& allowed, int32_t id) {
  if (id == 0) return call.task.process;
  const Named named = find_named(call.world, id);
  if (named.process == ProcessId::none) return fail(Errno::srch);
  if (named.unsure) allowed.may_fail(Errno::srch);
  return named.process;
}

enum class InGroup : uint8_t { none, maybe, some };

// Whether the group has anybody in it, and in which session it is.
InGroup look_into(const Call& call, ProcessId group, ProcessId& session) {
  InGroup found = InGroup::none;
  for (uint32_t index = 0; index < call.world.processes.count(); ++index) {
    const Process& process = call.world.processes[ProcessId(index)];
    if (process.group != group || process.reaped) continue;
    session = process.session;
    found = process.zombie && process.parent_unsure ? std::max(found, InGroup::maybe) : InGroup::some;
  }
  return found;
}

// EPERM unless the group is there, in the caller's session.
Result<> may_join(const Call& call, Allowed& allowed, int32_t group) {
  const Named named = find_named(call.world, group);
  ProcessId leader = named.process;
  // Its first process may be gone; others are still in it.
  for (uint32_t index = 0; leader == ProcessId::none && index < call.world.processes.count(); ++index) {
    if (call.world.processes[ProcessId(index)].pid == group) leader = ProcessId(index);
  }
  if (leader == ProcessId::none || call.world.processes[leader].pid != group) return fail(Errno::perm);
  ProcessId session = ProcessId::none;
  const InGroup anybody = look_into(call, leader, session);
  if (anybody == InGroup::none || session != call.process().session) return fail(Errno::perm);
  if (anybody == InGroup::maybe) allowed.may_fail(Errno::perm);
  return {};
}

}  // namespace

namespace rules {

Result<> getpgrp(const Call& call, Allowed& allowed) { return returns_id(call, allowed, call.process().group); }

Result<> getpgid(const Call& call, Allowed& allowed) {
  if (!knows_all_ids(call.world)) return allowed.lose();
  return returns_id(call, allowed, call.world.processes[TRY(meant(call, allowed, call.arg<int32_t>(0)))].group);
}

Result<> getsid(const Call& call, Allowed& allowed) {
  if (!knows_all_ids(call.world)) return allowed.lose();
  return returns_id(call, allowed, call.world.processes[TRY(meant(call, allowed, call.arg<int32_t>(0)))].session);
}

Result<> setpgid(const Call& call, Allowed& allowed) {
  if (!knows_all_ids(call.world)) return allowed.lose();
  const int32_t own = call.process().pid;
  const int32_t pid = call.arg<int32_t>(0) == 0 ? own : call.arg<int32_t>(0);
  const int32_t group = call.arg<int32_t>(1) == 0 ? pid : call.arg<int32_t>(1);
  if (group < 0) return fail(Errno::inval);
  const ProcessId id = TRY(meant(call, allowed, pid));
  const Process& process = call.world.processes[id];
  if (process.pid != pid) return fail(Errno::inval);  // a thread
  if (process.parent == call.task.process) {
    if (process.parent_unsure) allowed.may_fail(Errno::srch);
    if (process.session != call.process().session) return fail(Errno::perm);
  } else if (id != call.task.process) {
    return fail(Errno::srch);
  }
  if (process.leads_session) return fail(Errno::perm);
  if (group != pid) TRY(may_join(call, allowed, group));
  allowed.returns(0);
  allowed.then([id, group, pid](World& world, const Actual&) {
    ProcessId leader = id;
    for (uint32_t index = 0; group != pid && index < world.processes.count(); ++index) {
      if (world.processes[ProcessId(index)].pid == group) leader = ProcessId(index);
    }
    world.processes[id].group = leader;
  });
  return {};
}

Result<> setsid(const Call& call, Allowed& allowed) {
  ProcessId session = ProcessId::none;
  if (call.process().leads_session) return fail(Errno::perm);
  const InGroup anybody = look_into(call, call.task.process, session);
  if (anybody == InGroup::some) return fail(Errno::perm);
  if (anybody == InGroup::maybe) allowed.may_fail(Errno::perm);
  TRY(returns_id(call, allowed, call.task.process));
  allowed.then([id = call.task.process](World& world, const Actual&) {
    Process& process = world.processes[id];
    process.leads_session = true;
    process.session = process.group = id;
  });
  return {};
}

}  // namespace rules
}  // namespace cupel::props
