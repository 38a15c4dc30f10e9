#pragma once
#include "props/model/world.hh"

// How tasks and processes begin and end: clone(2), _exit(2), wait(2).
namespace cupel::props {

struct Spawn {
  uint64_t flags;            // of clone(2), the exit signal among them
  uint64_t child_tid;        // CLONE_CHILD_CLEARTID
  int32_t tid;               // 0: not known yet
};

TaskId spawn(World& world, TaskId parent, const Spawn& with);
// The id of a task that was spawned without one.
void learn_id(World& world, TaskId task, int32_t tid);

// One task ends; the last of a process ends it, with the status its first task gave.
void end_task(World& world, TaskId task, uint32_t status);
// All tasks of the process end, where they are.
void end_process(World& world, ProcessId process, uint32_t status);

// Whom a task's id means: who has ended is meant until it was waited for.
struct Named {
  TaskId task = TaskId::none;           // none: the process's first task has ended
  ProcessId process = ProcessId::none;  // none: nobody
  bool unsure = false;                  // it may be gone
};
Named find_named(const World& world, int32_t tid);
// A child that vfork(2) made has an id that nobody has told yet.
bool knows_all_ids(const World& world);

// Whether some task or zombie has this id.
bool is_id_taken(const World& world, int32_t tid);

}  // namespace cupel::props
