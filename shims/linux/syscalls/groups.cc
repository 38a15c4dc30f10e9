#include "shims/linux/syscalls/groups.hh"

#include "libos/machine/machine.hh"
#include "libos/task/process.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

Result<Process*> process_of(Task& task, int32_t id) {
  if (id == 0) return &task.process();
  Task* const found = task.machine().find_named(id);
  if (found == nullptr) return fail(Errno::srch);
  return &found->process();
}

}  // namespace

// setpgid() of Linux's kernel/sys.c. No process has executed another program yet, so that its parent may always move it.
Result<Done> setpgid(Task& task, TaskId pid, TaskId group) {
  Machine& machine = task.machine();
  const int32_t id = pid.value == 0 ? task.pid() : pid.value;
  const int32_t wanted = group.value == 0 ? id : group.value;
  if (wanted < 0) return fail(Errno::inval);
  Task* const found = machine.find_named(id);
  if (found == nullptr) return fail(Errno::srch);
  if (found->is_thread()) return fail(Errno::inval);
  Process& process = found->process();
  if (found->parent_pid() == task.pid()) {
    if (process.session != task.process().session) return fail(Errno::perm);
  } else if (found->pid() != task.pid()) {
    return fail(Errno::srch);
  }
  if (process.leads_session) return fail(Errno::perm);
  if (wanted != id && machine.session_of(wanted) != task.process().session) return fail(Errno::perm);
  process.group = wanted;
  machine.wake_parents();  // who waits for one of the old group's has one less
  return Done{};
}

Result<uint64_t> getpgid(Task& task, TaskId pid) { return static_cast<uint64_t>(TRY(process_of(task, pid.value))->group); }
Result<uint64_t> getpgrp(Task& task) { return static_cast<uint64_t>(task.process().group); }
Result<uint64_t> getsid(Task& task, TaskId pid) { return static_cast<uint64_t>(TRY(process_of(task, pid.value))->session); }

Result<uint64_t> setsid(Task& task) {
  Process& process = task.process();
  if (process.leads_session || task.machine().session_of(task.pid()) != 0) return fail(Errno::perm);
  process.leads_session = true;
  process.session = process.group = task.pid();
  task.machine().wake_parents();
  return static_cast<uint64_t>(process.session);
}

}  // namespace cupel::linux_shim
