#pragma once
#include <cstdint>

#include "props/model/address_space.hh"
#include "props/model/open_file.hh"

namespace cupel::props {

enum class ProcessId : uint32_t { none = UINT32_MAX };
enum class TaskId : uint32_t { none = UINT32_MAX };
enum class FsId : uint32_t { none = UINT32_MAX };

// What CLONE_FS shares.
struct FsContext {
  InodeId cwd = InodeId::none;
  uint32_t umask = 022;
  uint32_t references = 0;
  void clear() { *this = {}; }
};

struct Process {
  int32_t pid = 0;
  ProcessId parent = ProcessId::none;
  uint32_t tasks_alive = 0;
  int32_t exit_signal = 17;
  int32_t status = 0;   // as wait4(2) will give it
  bool zombie = false;  // waits for its parent
  bool reaped = false;
  void clear() { *this = {}; }
};

struct Task {
  int32_t tid = 0;
  ProcessId process = ProcessId::none;
  TableId table = TableId::none;
  FsId fs = FsId::none;
  SpaceId space = SpaceId::none;
  uint64_t clear_child_tid = 0;
  TaskId vfork_child = TaskId::none;  // which holds this task back
  bool alive = true;
  bool blocked = false;               // in a call that has not come back
  bool woken = false;                 // a futex wake meant this task
  void clear() { *this = {}; }
};

}  // namespace cupel::props
