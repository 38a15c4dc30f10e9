#include "props/model/lifecycle.hh"

#include <sched.h>

#include <csignal>

#include "props/model/contents.hh"
#include "props/model/futexes.hh"

namespace cupel::props {
namespace {

constexpr uint64_t exit_signal_mask = 0xff;

SpaceId copy_space(World& world, SpaceId from) {
  const SpaceId id = world.spaces.make();
  world.spaces[id] = world.spaces[from];
  world.spaces[id].references = 1;
  world.spaces[id].locks_future = false;  // what is locked is so for the parent alone
  for (Region& region : world.spaces[id].regions) region.locked = false;
  return id;
}

FsId copy_context(World& world, FsId from) {
  const FsId id = world.contexts.make();
  world.contexts[id] = world.contexts[from];
  world.contexts[id].references = 1;
  return id;
}

ProcessId new_process(World& world, ProcessId parent, uint64_t flags, int32_t pid) {
  const ProcessId id = world.processes.make();
  Process& process = world.processes[id];
  process.pid = pid;
  process.group = world.processes[parent].group, process.session = world.processes[parent].session;
  process.limits = world.processes[parent].limits;
  const bool sibling = (flags & CLONE_PARENT) != 0;
  process.parent = sibling ? world.processes[parent].parent : parent;
  process.parent_unsure = sibling && world.processes[parent].parent_unsure;
  process.exit_signal = sibling ? world.processes[parent].exit_signal : static_cast<uint8_t>(flags & exit_signal_mask);
  return id;
}

// The children of a process that is gone: of whom they are now depends on who there is; here, perhaps of the first.
void orphan_children(World& world, ProcessId parent) {
  for (uint32_t index = 0; index < world.processes.count(); ++index) {
    Process& process = world.processes[ProcessId(index)];
    if (process.parent != parent) continue;
    process.parent = ProcessId(0);
    process.parent_unsure = true;
    process.exit_signal = SIGCHLD;
  }
}

void release(World& world, TaskId id, uint32_t status) {
  Task& task = world.tasks[id];
  task.alive = false;
  AddressSpace& space = world.spaces[task.space];
  if (task.clear_child_tid != 0 && space.references > 1) {
    wake_all_perhaps(world, task.space, task.clear_child_tid);
    if (!is_slots(world, task.clear_child_tid)) world.doubt(task.space, task.clear_child_tid, sizeof(int32_t));
  }
  if (!task.blocked) stop_waiting(world, id);
  --space.references;
  world.drop_table(task.table);
  --world.contexts[task.fs].references;
  Process& process = world.processes[task.process];
  if (!process.ending && task.tid == process.pid) process.status = status;
  if (--process.tasks_alive > 0) return;
  process.zombie = true;
  orphan_children(world, task.process);
}

// sched(7): with SCHED_RESET_ON_FORK, children get neither real-time policies nor negative nice values, nor the flag.
Schedule inherited(Schedule schedule) {
  if (!schedule.resets_on_fork) return schedule;
  schedule.resets_on_fork = false;
  if (schedule.policy == SCHED_FIFO || schedule.policy == SCHED_RR) return {};
  if (schedule.nice < 0) schedule.nice = 0;
  return schedule;
}

}  // namespace

TaskId spawn(World& world, TaskId parent_id, const Spawn& with) {
  const TaskId id = world.tasks.make();
  const Task parent = world.tasks[parent_id];
  Task task;
  task.tid = with.tid;
  task.process = parent.process;
  task.schedule = inherited(parent.schedule);
  task.groups_count = parent.groups_count;
  task.persona = parent.persona;
  if ((with.flags & CLONE_THREAD) == 0) task.process = new_process(world, parent.process, with.flags, with.tid);
  ++world.processes[task.process].tasks_alive;

  task.table = parent.table;
  if ((with.flags & CLONE_FILES) != 0) ++world.tables[parent.table].references;
  else task.table = world.copy_table(parent.table);
  task.fs = parent.fs;
  if ((with.flags & CLONE_FS) != 0) ++world.contexts[parent.fs].references;
  else task.fs = copy_context(world, parent.fs);
  task.space = parent.space;
  if ((with.flags & CLONE_VM) != 0) ++world.spaces[parent.space].references;
  else task.space = copy_space(world, parent.space);
  if ((with.flags & CLONE_CHILD_CLEARTID) != 0) task.clear_child_tid = with.child_tid;
  world.tasks[id] = task;
  return id;
}

void learn_id(World& world, TaskId id, int32_t tid) {
  Task& task = world.tasks[id];
  task.tid = tid;
  if (world.processes[task.process].pid == 0) world.processes[task.process].pid = tid;
}

void end_task(World& world, TaskId task, uint32_t status) { release(world, task, status); }

void end_process(World& world, ProcessId process, uint32_t status) {
  world.processes[process].ending = true;
  world.processes[process].status = status;
  for (uint32_t index = 0; index < world.tasks.count(); ++index) {
    const Task& task = world.tasks[TaskId(index)];
    if (task.process == process && task.alive) release(world, TaskId(index), status);
  }
}

Named find_named(const World& world, int32_t tid) {
  Named found;
  for (uint32_t index = 0; index < world.tasks.count(); ++index) {
    const Task& task = world.tasks[TaskId(index)];
    if (task.tid != tid || tid == 0) continue;
    if (task.alive) return {TaskId(index), task.process, false};
    // One that is ended from outside may not have come to its end yet.
    if (world.processes[task.process].ending) found = {TaskId(index), task.process, true};
  }
  for (uint32_t index = 0; index < world.processes.count(); ++index) {
    const Process& process = world.processes[ProcessId(index)];
    if (process.pid == tid && tid != 0 && !process.reaped) return {TaskId::none, ProcessId(index), process.zombie && process.parent_unsure};
  }
  return found;
}

bool knows_all_ids(const World& world) {
  for (uint32_t index = 0; index < world.tasks.count(); ++index) {
    if (world.tasks[TaskId(index)].tid == 0) return false;
  }
  return true;
}

bool is_id_taken(const World& world, int32_t tid) {
  for (uint32_t index = 0; index < world.tasks.count(); ++index) {
    const Task& task = world.tasks[TaskId(index)];
    if (task.tid == tid && task.alive) return true;
  }
  for (uint32_t index = 0; index < world.processes.count(); ++index) {
    const Process& process = world.processes[ProcessId(index)];
    if (process.pid == tid && !process.reaped) return true;
  }
  return false;
}

}  // namespace cupel::props
