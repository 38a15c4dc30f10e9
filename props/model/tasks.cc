// clone, fork, vfork, exit, exit_group, wait4, and ids.
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "props/model/lifecycle.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

constexpr uint64_t exit_signal_mask = 0xff;
constexpr uint64_t namespace_flags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

struct CloneArgs {
  uint64_t flags;
  uint64_t parent_tid = 0;
  uint64_t child_tid = 0;
  uint64_t tls = 0;
};

Result<> check_flags(const Call& call, Allowed& allowed, const CloneArgs& args) {
  const auto has = [&](uint64_t flag) { return (args.flags & flag) != 0; };
  if (has(CLONE_FS) && has(CLONE_NEWNS | CLONE_NEWUSER)) return fail(Errno::inval);
  if (has(CLONE_THREAD) && !has(CLONE_SIGHAND)) return fail(Errno::inval);
  if (has(CLONE_SIGHAND) && !has(CLONE_VM)) return fail(Errno::inval);
  if (has(CLONE_THREAD) && has(CLONE_NEWUSER | CLONE_NEWPID)) return fail(Errno::inval);
  // The first process of a machine cannot have siblings; whether ours is that, the model does not know.
  const Process& process = call.world.processes[call.task.process];
  if (has(CLONE_PARENT) && (process.parent == ProcessId::none || process.parent_unsure)) allowed.may_fail(Errno::inval);
  if ((args.flags & exit_signal_mask) > 64) allowed.may_fail(Errno::inval);
  if (has(CLONE_SETTLS) && args.tls >= user_limit) return fail(Errno::perm);
  return {};
}

Result<> bound_tasks(const Call& call, Allowed& allowed) {
  uint32_t alive = 0, zombies = 0;
  for (uint32_t index = 0; index < call.world.tasks.count(); ++index) alive += call.world.tasks[TaskId(index)].alive;
  for (uint32_t index = 0; index < call.world.processes.count(); ++index) {
    const Process& process = call.world.processes[ProcessId(index)];
    zombies += process.zombie && !process.reaped;
  }
  // RLIMIT_NPROC: who has ended counts until it is waited for, and who is being ended until it has.
  const uint64_t limit = call.soft_limit(RLIMIT_NPROC);
  uint32_t possible = 0;
  for (uint32_t index = 0; index < call.world.tasks.count(); ++index) possible += !call.world.processes[call.world.tasks[TaskId(index)].process].reaped;
  if (alive >= limit) return fail(Errno::again);
  if (possible >= limit) allowed.may_fail(Errno::again);
  const uint32_t tasks_max = call.world.bounds.config.tasks_max;
  if (alive >= tasks_max) return fail(Errno::again);
  if (alive + zombies >= tasks_max) allowed.may_fail(Errno::again);  // a zombie takes room or not
  return {};
}

// The parent sleeps until its child has ended.
Result<> come_back_from_vfork(const Call& call, Allowed& allowed) {
  const Task& child = call.world.tasks[call.task.vfork_child];
  if (child.alive && !child.blocked && child.tid == 0) allowed.blocks();
  else if (child.alive) return allowed.blocks();
  const int64_t tid = child.tid != 0 ? child.tid : call.result();
  allowed.returns(tid);
  allowed.then([caller = call.caller](World& world, const Actual& actual) {
    Task& parent = world.tasks[caller];
    learn_id(world, parent.vfork_child, static_cast<int32_t>(actual.value));
    parent.vfork_child = TaskId::none;
  });
  return {};
}

Result<> clone_task(const Call& call, Allowed& allowed, const CloneArgs& args) {
  if (call.resumed() && call.task.vfork_child != TaskId::none) return come_back_from_vfork(call, allowed);
  if ((args.flags & (namespace_flags | CLONE_PIDFD | CLONE_PTRACE)) != 0) return allowed.lose();
  TRY(check_flags(call, allowed, args));
  TRY(bound_tasks(call, allowed));
  const bool waits = (args.flags & CLONE_VFORK) != 0;
  const auto tid = static_cast<int32_t>(call.result());
  if (waits) {
    allowed.blocks();
  } else if (tid > 0 && !is_id_taken(call.world, tid)) {
    allowed.returns(tid);
  } else {
    allowed.returns(1, INT32_MAX);
    allowed.inspect([](const World&, const Actual&) { return std::string("an id that is free"); });
  }
  const bool tells_partly = (args.flags & CLONE_PARENT_SETTID) != 0 && call.writable(args.parent_tid, sizeof(int32_t)) < sizeof(int32_t);
  const auto tells = [&](uint64_t flag, uint64_t address) {
    if ((args.flags & flag) == 0 || call.writable(address, sizeof(int32_t)) < sizeof(int32_t)) return;  // an error there is nobody's
    if (waits || flag == CLONE_CHILD_SETTID) allowed.writes_anything(address, sizeof(int32_t));
    else allowed.writes_number(address, tid);
  };
  tells(CLONE_PARENT_SETTID, args.parent_tid);
  tells(CLONE_CHILD_SETTID, args.child_tid);
  allowed.then([=, caller = call.caller](World& world, const Actual& actual) {
    const TaskId child = spawn(world, caller, {args.flags, args.child_tid, static_cast<int32_t>(actual.value)});
    if (waits) world.tasks[caller].vfork_child = child;
    if (tells_partly) world.doubt(world.tasks[caller].space, args.parent_tid, sizeof(int32_t));
    // Whose memory has the ids, and since when, depends on what it shares with the other's.
    if ((args.flags & CLONE_PARENT_SETTID) != 0) world.doubt(world.tasks[child].space, args.parent_tid, sizeof(int32_t));
    if ((args.flags & CLONE_CHILD_SETTID) != 0) world.doubt(world.tasks[child].space, args.child_tid, sizeof(int32_t));
  });
  return {};
}

Result<> wait_for_child(const Call& call, Allowed& allowed, int32_t pid, uint64_t status_address, uint32_t options, uint64_t usage_address) {
  constexpr size_t usage_size = 144;
  constexpr uint32_t known = WNOHANG | WUNTRACED | WCONTINUED | static_cast<uint32_t>(__WNOTHREAD) | static_cast<uint32_t>(__WCLONE) | static_cast<uint32_t>(__WALL);
  if ((options & ~known) != 0) return fail(Errno::inval);
  if (pid == INT32_MIN) return fail(Errno::srch);
  const ProcessId own_group = call.resumed() ? call.task.waits_for : call.process().group;
  bool any_certain = false, any_possible = false, zombie_certain = false;
  const Process* chosen = nullptr;
  ProcessId chosen_id{};
  for (uint32_t index = 0; index < call.world.processes.count(); ++index) {
    const Process& process = call.world.processes[ProcessId(index)];
    if (process.parent != call.task.process || process.reaped) continue;
    const bool is_nameless = process.pid == 0;  // its maker has not come back from vfork(2)
    if (pid > 0 && !is_nameless && process.pid != pid) continue;
    if (pid == 0 && process.group != own_group) continue;
    const int32_t group = call.world.processes[process.group].pid;  // which may not be known yet
    if (pid < -1 && group != 0 && group != -pid) continue;
    const bool is_clone = process.exit_signal != SIGCHLD;
    if ((options & static_cast<uint32_t>(__WALL)) == 0 && is_clone != ((options & static_cast<uint32_t>(__WCLONE)) != 0)) continue;
    const bool unsure = process.parent_unsure || (pid > 0 && is_nameless) || (pid < -1 && group == 0) || (options & static_cast<uint32_t>(__WNOTHREAD)) != 0;
    any_certain |= !unsure;
    any_possible = true;
    zombie_certain |= !unsure && process.zombie;
    if (process.zombie && (chosen == nullptr || process.pid == call.result())) chosen = &process, chosen_id = ProcessId(index);
  }
  if (!any_certain) allowed.may_fail(Errno::child);
  if (!any_possible) return {};
  if (!zombie_certain && (options & WNOHANG) != 0) allowed.returns(0);
  if (!zombie_certain && (options & WNOHANG) == 0) {
    allowed.blocks();
    allowed.then([caller = call.caller, own_group](World& world, const Actual&) { world.tasks[caller].waits_for = own_group; });
  }
  if (chosen == nullptr) return {};

  const auto reap = [chosen_id](World& world, const Actual&) { world.processes[chosen_id].reaped = true; };
  const bool can_tell = (status_address == 0 || call.writable(status_address, sizeof(int32_t)) == sizeof(int32_t)) &&
                        (usage_address == 0 || call.writable(usage_address, usage_size) == usage_size);
  if (can_tell) {
    allowed.returns(chosen->pid);
    if (status_address != 0) allowed.writes_number(status_address, chosen->status);
    if (usage_address != 0) allowed.writes_anything(usage_address, usage_size);
    allowed.then(reap);
  }
  const bool tells = status_address != 0 || usage_address != 0;
  if (!can_tell || tells) {
    // Linux has let the child go by the time it finds that it cannot say so.
    allowed.fails_with_effect(Errno::fault);
    if (can_tell) allowed.only_with(Fault::copy);
    if (status_address != 0) allowed.writes_anything(status_address, call.writable(status_address, sizeof(int32_t)));
    if (usage_address != 0) allowed.writes_anything(usage_address, call.writable(usage_address, usage_size));
    // Which of several it was, nobody knows.
    allowed.then([parent = call.task.process](World& world, const Actual&) {
      for (uint32_t index = 0; index < world.processes.count(); ++index) {
        Process& child = world.processes[ProcessId(index)];
        if (child.parent == parent && child.zombie) child.parent_unsure = true;
      }
    });
  }
  return {};
}

uint32_t exit_status(const Call& call) { return (call.arg<uint32_t>(0) & 0xff) << 8; }

}  // namespace

namespace rules {

Result<> clone(const Call& call, Allowed& allowed) {
  return clone_task(call, allowed, {call.arg<uint32_t>(0), call.address(2), call.address(3), call.address(4)});
}
Result<> fork(const Call& call, Allowed& allowed) { return clone_task(call, allowed, {.flags = SIGCHLD}); }
Result<> vfork(const Call& call, Allowed& allowed) { return clone_task(call, allowed, {.flags = CLONE_VM | CLONE_VFORK | SIGCHLD}); }

Result<> exit(const Call& call, Allowed& allowed) {
  allowed.ends(exit_status(call));
  allowed.then([task = call.caller, status = exit_status(call)](World& world, const Actual&) { end_task(world, task, status); });
  return {};
}

Result<> exit_group(const Call& call, Allowed& allowed) {
  allowed.ends(exit_status(call));
  allowed.then([process = call.task.process, status = exit_status(call)](World& world, const Actual&) { end_process(world, process, status); });
  return {};
}

Result<> wait4(const Call& call, Allowed& allowed) {
  return wait_for_child(call, allowed, call.arg<int32_t>(0), call.address(1), call.arg<uint32_t>(2), call.address(3));
}

Result<> getpid(const Call& call, Allowed& allowed) {
  const int32_t pid = call.world.processes[call.task.process].pid;
  return pid != 0 ? allowed.returns(pid) : allowed.returns(1, INT32_MAX);
}
Result<> gettid(const Call& call, Allowed& allowed) { return allowed.returns(call.task.tid); }

Result<> getppid(const Call& call, Allowed& allowed) {
  const Process& process = call.world.processes[call.task.process];
  if (process.parent_unsure) return allowed.returns(0, INT32_MAX);
  return allowed.returns(process.parent == ProcessId::none ? call.world.bounds.parent_process : call.world.processes[process.parent].pid);
}

Result<> set_tid_address(const Call& call, Allowed& allowed) {
  allowed.returns(call.task.tid);
  allowed.then([task = call.caller, address = call.address(0)](World& world, const Actual&) { world.tasks[task].clear_child_tid = address; });
  return {};
}

// The caller is root, and no call changes that.
Result<> getuid(const Call&, Allowed& allowed) { return allowed.returns(0); }
Result<> getgid(const Call&, Allowed& allowed) { return allowed.returns(0); }
Result<> geteuid(const Call&, Allowed& allowed) { return allowed.returns(0); }
Result<> getegid(const Call&, Allowed& allowed) { return allowed.returns(0); }

}  // namespace rules
}  // namespace cupel::props
