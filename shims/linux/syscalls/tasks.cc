#include "shims/linux/syscalls/tasks.hh"

#include "libos/fd/fd_table.hh"
#include "libos/fs/fs_context.hh"
#include "libos/machine/machine.hh"
#include "libos/mm/address_space.hh"
#include "libos/task/process.hh"
#include "libos/task/signals.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr uint64_t signal_mask = 0xff;
constexpr uint64_t namespace_flags = 0x7e02'0000;  // CLONE_NEWNS .. CLONE_NEWNET
constexpr uint64_t bit(CloneFlag flag) { return static_cast<uint64_t>(flag); }
constexpr bool has(uint64_t flags, CloneFlag flag) { return (flags & bit(flag)) != 0; }

// copy_process() of Linux's kernel/fork.c: which combinations are none.
Result<> check_flags(uint64_t flags) {
  constexpr uint64_t new_user = 0x1000'0000, new_pid = 0x2000'0000;
  if (has(flags, CloneFlag::newns) && has(flags, CloneFlag::fs)) return fail(Errno::inval);
  if ((flags & new_user) != 0 && has(flags, CloneFlag::fs)) return fail(Errno::inval);
  if (has(flags, CloneFlag::thread) && !has(flags, CloneFlag::sighand)) return fail(Errno::inval);
  if (has(flags, CloneFlag::sighand) && !has(flags, CloneFlag::vm)) return fail(Errno::inval);
  if (has(flags, CloneFlag::thread) && (flags & (new_user | new_pid)) != 0) return fail(Errno::inval);
  if (has(flags, CloneFlag::pidfd)) return fail(Errno::inval);           // there are no descriptors of processes
  if ((flags & namespace_flags) != 0) return fail(Errno::perm);  // a machine has one of each namespace, and no way to another
  return {};
}

Result<Spawned> spawn(Task& task, uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t child_tid, uint64_t tls) {
  TRY(check_flags(flags));
  if (has(flags, CloneFlag::parent) && task.parent_pid() == 0) return fail(Errno::inval);  // init has no parent to share
  // Thread-local storage lies where user addresses may: ARCH_SET_FS refuses others so.
  if (has(flags, CloneFlag::settls) && tls >= user_limit) return fail(Errno::perm);
  Machine::Spawn how{.thread = has(flags, CloneFlag::thread), .share_parent = has(flags, CloneFlag::parent), .share_fds = has(flags, CloneFlag::files),
                     .share_fs = has(flags, CloneFlag::fs), .share_space = has(flags, CloneFlag::vm), .share_handlers = has(flags, CloneFlag::sighand), .exit_signal = static_cast<int32_t>(flags & signal_mask)};
  if (has(flags, CloneFlag::child_cleartid)) how.clear_child_tid = child_tid;
  Task* child = TRY(task.machine().spawn(task, how));
  const int32_t tid = child->tid();
  platform::GuestRegisters registers = task.platform().registers(task.tid());
  registers.rax = 0;  // what clone(2) answers the child
  if (stack != 0) registers.rsp = stack;
  if (has(flags, CloneFlag::settls)) registers.fs_base = tls;
  if (auto started = task.platform().start(tid, child->space().id(), registers); !started) {
    task.machine().discard(*child);
    return fail(started.error());
  }
  // A fault in either word is ignored, as Linux ignores it.
  const auto bytes = std::as_bytes(std::span(&tid, 1));
  if (has(flags, CloneFlag::parent_settid)) static_cast<void>(task.memory().write(parent_tid, bytes));
  if (has(flags, CloneFlag::child_settid)) static_cast<void>(child->memory().write(child_tid, bytes));
  if (has(flags, CloneFlag::vfork)) {
    // Until the child ends or has a space of its own; a parent that is killed meanwhile does not wait on.
    while (true) {
      Task* found = task.machine().find_task(tid);
      if (found == nullptr || found->state() == Task::State::zombie || found->has_started_program()) break;
      Waiter waiter(task);
      task.child_exits().add(waiter);
      // Nothing but its own end interrupts a parent here.
      if (!task.sleep_through_signals(platform::no_deadline) && task.killed()) break;
    }
  }
  return Spawned{tid};
}

// Whom wait4(2) waits for: any child where neither is said.
struct Whom {
  int32_t pid = 0, group = 0;
};
// 0 is one's own group as it is now, whatever becomes of it while the call sleeps.
Whom whom_of(const Task& task, int32_t pid) {
  if (pid > 0) return {.pid = pid};
  return pid == -1 ? Whom{} : Whom{.group = pid == 0 ? task.process().group : -pid};
}

bool means(const Whom& whom, const Task& child, uint32_t flags) {
  constexpr auto all = static_cast<uint32_t>(WaitFlag::all), only_clones = static_cast<uint32_t>(WaitFlag::clone);
  if (whom.pid != 0 && child.pid() != whom.pid) return false;
  if (whom.group != 0 && child.process().group != whom.group) return false;
  const bool is_clone = child.exit_signal() != 17;
  return (flags & all) != 0 || is_clone == ((flags & only_clones) != 0);
}

}  // namespace

Result<Spawned> clone(Task& task, Flags<CloneFlag, Unknown::late> flags, Address stack, Address parent_tid, Address child_tid, Address tls) {
  return spawn(task, flags.bits & UINT32_MAX, stack.value, parent_tid.value, child_tid.value, tls.value);
}
Result<Spawned> fork(Task& task) { return spawn(task, 17, 0, 0, 0, 0); }
Result<Spawned> vfork(Task& task) { return spawn(task, 17 | bit(CloneFlag::vfork) | bit(CloneFlag::vm), 0, 0, 0, 0); }

Result<uint64_t> exit(Task& task, Int status) {
  const int32_t exit_status = (status.value & 0xff) << 8;
  task.exit(exit_status);
  return static_cast<uint64_t>(exit_status);
}

Result<uint64_t> exit_group(Task& task, Int status) {
  const int32_t exit_status = (status.value & 0xff) << 8;
  end_process(task, exit_status);
  return static_cast<uint64_t>(exit_status);
}

Result<uint64_t> wait4(Task& task, TaskId pid, OptionalOut<Word32> status, Flags<WaitFlag, Unknown::late> flags, Address usage) {
  TRY(flags.checked());
  if (pid.value == INT32_MIN) return fail(Errno::srch);
  const Whom whom = whom_of(task, pid.value);
  Waiter waiter(task);
  for (;;) {
    bool any = false;
    for (Task& child : task.machine().tasks()) {
      if (child.parent_pid() != task.pid() || child.is_thread() || child.is_forgotten() || !means(whom, child, flags.bits)) continue;
      any = true;
      if (child.state() != Task::State::zombie) continue;
      const auto tid = static_cast<uint64_t>(child.tid());
      const Word32 word{child.exit_status()};
      task.machine().reap(child);
      // The child is gone even where its status cannot be handed over.
      if (!status.is_null()) TRY(status.write(task.memory(), word));
      if (usage.value != 0) {
        constexpr std::array<std::byte, 144> no_usage{};  // struct rusage: a child of the mock has used nothing
        TRY(task.memory().write(usage.value, no_usage));
      }
      return tid;
    }
    if (!any) return fail(Errno::child);
    if (flags.has(WaitFlag::no_hang)) return 0;
    if (!waiter.queued()) task.child_exits().add(waiter);
    TRY(task.sleep(platform::no_deadline));
  }
}

Result<uint64_t> getpid(Task& task) { return static_cast<uint64_t>(task.pid()); }
Result<uint64_t> gettid(Task& task) { return static_cast<uint64_t>(task.tid()); }
Result<uint64_t> getppid(Task& task) { return static_cast<uint64_t>(task.parent_pid()); }
Result<uint64_t> getuid(Task& task) { return task.credentials.uid; }
Result<uint64_t> geteuid(Task& task) { return task.credentials.euid; }
Result<uint64_t> getgid(Task& task) { return task.credentials.gid; }
Result<uint64_t> getegid(Task& task) { return task.credentials.egid; }

Result<uint64_t> set_tid_address(Task& task, Address address) {
  task.set_clear_child_tid(address.value);
  return static_cast<uint64_t>(task.tid());
}

Result<Done> sched_yield(Task&) { return Done{}; }

}  // namespace cupel::linux_shim
