#pragma once
#include <array>
#include <boost/intrusive/list.hpp>

#include "libos/base/arena.hh"
#include "libos/fd/file_lock.hh"
#include "libos/machine/config.hh"
#include "libos/platform/platform.hh"
#include "libos/sync/machine_lock.hh"
#include "libos/task/task.hh"

namespace cupel::libos {

class FileSystem;
class FutexTable;

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
  // The task that a guest may name so: zombies are there until they are reaped, threads until they end.
  Task* find_named(int32_t tid);
  // The session of a process group; 0 where nothing, not even what is left of a process, is in it.
  int32_t session_of(int32_t group);
  uint32_t task_count_of(uint32_t uid);
  Task& first_task() { return *first_; }
  // Every task that is not yet reaped, zombies included, oldest first.
  auto& tasks() { return tasks_; }
  uint32_t task_count() const { return task_count_; }

  // What a new task takes over from `maker`, and what it shares with it.
  struct Spawn {
    bool thread = false;            // joins the maker's process
    bool share_parent = false;      // its parent is the maker's parent
    bool share_fds = false, share_fs = false, share_space = false;
    bool share_handlers = false;    // of signals
    int32_t exit_signal = 0;
    uint64_t clear_child_tid = 0;
  };
  // A new task, linked in and not yet started. EAGAIN: tasks_max; ENOMEM leaves nothing behind.
  Result<Task*> spawn(Task& maker, const Spawn& how);
  // Takes back a task that spawn() made and that was never started.
  void discard(Task& task);
  // Ends a zombie for good.
  void reap(Task& zombie);
  // Frees what exited without anyone to wait for it. Never while such a task's last call is still running.
  void collect();
  void on_exit(Task& task);
  // Whoever waits for children looks again.
  void wake_parents();

  // SIGALRM for each process whose timer is due, and the platform is asked for the next. After a timer was set as well.
  void ring_alarms();

  FutexTable& futexes() { return *futexes_; }
  FileLocks& file_locks() { return file_locks_; }
  // A number that no search among epolls has had yet.
  uint64_t next_epoll_round() { return ++epoll_round_; }

  // Who waits for one of the host's streams, and the host's word that there is something to see. With the machine lock held.
  WaitQueue& stream_waiters(uint32_t stream) { return stream_waiters_[stream]; }
  void stream_changed(uint32_t stream) { stream_waiters_[stream].wake_all(); }

  // Walks every structure; a CHECK fails where one is damaged. Between calls only.
  void check() const;

 private:
  void tell_parent(Task& task);
  friend class Task;
  friend class cupel::Arena;
  Machine(Arena& arena, platform::Platform& platform, const Config& config);
  ~Machine();
  Result<> build();

  Arena& arena_;
  platform::Platform& platform_;
  Config config_;
  MachineLock lock_;
  FileSystem* files_ = nullptr;
  FutexTable* futexes_ = nullptr;
  FileLocks file_locks_;
  uint64_t epoll_round_ = 0;
  Task* first_ = nullptr;
  boost::intrusive::list<Task, boost::intrusive::constant_time_size<false>> tasks_;
  uint32_t task_count_ = 0;
  std::array<WaitQueue, platform::HostStreams::count> stream_waiters_;
  int32_t next_tid_ = 1;
};

}  // namespace cupel::libos
