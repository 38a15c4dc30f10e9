#pragma once
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

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

// getrlimit(2).
struct Limit {
  uint64_t soft = UINT64_MAX, hard = UINT64_MAX;
};
inline constexpr size_t limits_count = 16;

// sched_setscheduler(2), setpriority(2).
struct Schedule {
  uint32_t policy = 0;
  bool resets_on_fork = false;
  int32_t priority = 0, nice = 0;
};

struct Process {
  int32_t pid = 0;              // 0: not known yet
  ProcessId parent = ProcessId::none;
  ProcessId group = ProcessId::none, session = ProcessId::none;  // by the process that made them
  bool leads_session = false;
  std::array<Limit, limits_count> limits{};
  uint32_t tasks_alive = 0;
  uint8_t exit_signal = 0;
  bool ending = false;          // exit_group(2) or a signal has given the status
  uint32_t status = 0;          // as wait4(2) will give it
  bool zombie = false;          // waits for its parent
  bool reaped = false;
  bool parent_unsure = false;   // whether that parent can wait for it: it was adopted, or a wait for it has faulted
  void clear() { *this = {}; }
};

// What a call has read of guest memory, where it does so once and others may store there while it sleeps.
struct Remembered {
  uint64_t address;
  size_t size;
  std::array<std::byte, 16> bytes;
};

struct Task {
  int32_t tid = 0;                    // 0: not known yet, for its parent has not come back from vfork(2)
  ProcessId process = ProcessId::none;
  TableId table = TableId::none;
  FsId fs = FsId::none;
  SpaceId space = SpaceId::none;
  uint64_t clear_child_tid = 0;
  Schedule schedule;
  uint32_t groups_count = 0;          // getgroups(2)
  uint32_t persona = 0;               // personality(2)
  TaskId vfork_child = TaskId::none;  // which holds this task back
  Stamp sleeps_until;                 // the clock will show at least this when the sleep is over
  bool alive = true;
  bool blocked = false;               // in a call that has not come back
  ProcessId waits_for = ProcessId::none;  // the process group that such a call, of wait4(2), was for when it began
  static constexpr size_t held_max = 2;
  std::array<FileId, held_max> held{FileId::none, FileId::none};  // what that call reads or writes, whatever becomes of its descriptors meanwhile
  uint64_t started_at = 0;            // the file position it began with
  std::vector<FileId> polled;         // the same for poll(2), by entry; none for one that names nothing
  std::vector<Remembered> remembered;  // the arguments that it had read by then
  void clear() {
    auto room = std::move(polled);
    auto more_room = std::move(remembered);
    room.clear(), more_room.clear();
    *this = {};
    polled = std::move(room), remembered = std::move(more_room);
  }
};

}  // namespace cupel::props
