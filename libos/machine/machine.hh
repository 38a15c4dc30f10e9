#pragma once
#include <boost/intrusive/list.hpp>

#include "libos/base/arena.hh"
#include "libos/machine/config.hh"
#include "libos/platform/platform.hh"
#include "libos/sync/machine_lock.hh"
#include "libos/task/task.hh"

namespace cupel::libos {

class FileSystem;

// One sandbox. Everything of it lives in its arena; nothing is global.
class Machine {
 public:
  // Builds a machine with an empty root directory and its first task, which holds no descriptor and no mapping.
  static Result<Machine*> boot(Arena& arena, platform::Platform& platform, const Config& config);
  // Ends every task and takes all down; afterwards the arena is at the level it had before boot().
  void shut_down();

  Arena& arena() const { return arena_; }
  platform::Platform& platform() const { return platform_; }
  const Config& config() const { return config_; }
  FileSystem& files() { return *files_; }
  MachineLock& lock() { return lock_; }

  Task* find_task(int32_t tid);
  Task& first_task() { return *first_; }
  // Every task that is not yet reaped, zombies included, oldest first.
  auto& tasks() { return tasks_; }
  uint32_t task_count() const { return task_count_; }

  // Walks every structure; a CHECK fails where one is damaged. Between calls only.
  void check() const;

 private:
  friend class Task;
  friend class Arena;
  Machine(Arena& arena, platform::Platform& platform, const Config& config);

  Arena& arena_;
  platform::Platform& platform_;
  Config config_;
  MachineLock lock_;
  FileSystem* files_ = nullptr;
  Task* first_ = nullptr;
  boost::intrusive::list<Task, boost::intrusive::constant_time_size<false>> tasks_;
  uint32_t task_count_ = 0;
  int32_t next_tid_ = 1;
};

}  // namespace cupel::libos
