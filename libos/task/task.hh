#pragma once
#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cstdint>

#include "libos/base/counted.hh"
#include "libos/interface/memory.hh"
#include "libos/platform/platform.hh"
#include "libos/sync/wait.hh"
#include "libos/task/credentials.hh"
#include "libos/task/schedule.hh"
#include "libos/task/signal_state.hh"

namespace cupel::libos {

class AddressSpace;
class FdTable;
class FsContext;
class Machine;
class Process;

// A thread of a guest program: the thing a syscall is made by. Tasks of one process share `process`; what else is
// shared follows clone(2)'s flags.
class Task : public boost::intrusive::list_base_hook<> {
 public:
  enum class State : uint8_t { running, zombie };

  Machine& machine() const { return machine_; }
  Arena& arena() const;
  platform::Platform& platform() const;
  int32_t tid() const { return tid_; }
  int32_t pid() const { return process_; }        // getpid(2): the thread group
  int32_t parent_pid() const { return parent_; }

  Process& process() const { return *shared_; }
  // Bounded by the limit of who asks: a table that processes share has room for each as far as its own limit goes.
  FdTable& fds() const;
  FsContext& fs() const { return *fs_; }
  // A descriptor table of its own, as unshare(CLONE_FILES) gives. ENOMEM.
  Result<> unshare_fds();
  // What its process does on signals, its own. ENOMEM.
  Result<> unshare_handlers();
  AddressSpace& space() const { return *space_; }
  const GuestMemory& memory() const;
  Credentials credentials;
  SignalSet signal_mask = 0;
  SignalSet awaited_signals = 0;                  // what rt_sigtimedwait(2) sleeps for, blocked as it is
  std::optional<SignalSet> mask_after_delivery;   // rt_sigsuspend(2)'s: the one to go back to
  PendingSignals pending;                         // of this thread alone
  SignalStack signal_stack;
  Schedule schedule;
  uint32_t persona = 0;  // personality(2)
  // How long a file may become by this task; whether its limits let it map so many pages there (ENOMEM), and move its break.
  uint64_t file_size_max() const;
  Result<> may_map(uint64_t start, uint64_t pages, bool writable_data) const;
  bool may_break(uint64_t address) const;

  // Releases the machine lock and sleeps until the event word changes, the deadline (monotonic, absolute) passes
  // (ETIMEDOUT), a signal is let through or the task is killed (EINTR). The caller looks at its condition again, always.
  // The caller holds the machine lock, and holds it again afterwards; which machine's is beyond the static analysis.
  Result<> sleep(platform::Nanoseconds deadline) __attribute__((no_thread_safety_analysis));
  // As sleep(), and no signal wakes it: only its own end does.
  Result<> sleep_through_signals(platform::Nanoseconds deadline) __attribute__((no_thread_safety_analysis));
  // Makes sleep() return; from any task, with the machine lock held.
  void notify();

  // Ends this task: closes what it alone held, tells its parent and whoever joins it. `status` as wait4(2) gives it.
  void exit(int32_t status);
  // Makes every later sleep() fail with EINTR, so that a blocked call unwinds by ordinary returns; the task then exits
  // with `status` instead of going back to its guest.
  void kill(int32_t status);
  bool killed() const { return killed_; }
  // exec(2), the part that cannot fail: the task is in `space` from now on, descriptors so marked are closed, and whoever waits
  // for it to leave the memory it was lent is told. Its descriptor table and its handlers must be its own.
  void start_program(Ref<AddressSpace> space);
  bool has_started_program() const { return has_started_program_; }
  // How clone(2) made it.
  bool is_thread() const { return is_thread_; }
  bool is_forgotten() const { return uncollected_; }  // a zombie whom nobody waits for
  int32_t exit_signal() const { return exit_signal_; }
  WaitQueue& child_exits() { return child_exits_; }
  void set_clear_child_tid(uint64_t address) { clear_child_tid_ = address; }
  State state() const { return state_; }
  // A thread that has ended: nobody may name it any more.
  bool uncollected() const { return uncollected_; }
  int32_t exit_status() const { return exit_status_; }

 private:
  friend class Machine;
  friend class cupel::Arena;
  void leave_space();
  Task(Machine& machine, int32_t tid);
  ~Task();

  Machine& machine_;
  int32_t tid_;
  int32_t process_;
  int32_t parent_ = 0;
  State state_ = State::running;
  bool killed_ = false;
  int32_t exit_status_ = 0;
  int32_t exit_signal_ = 0;          // what the parent is sent; 0: a thread or a silent child, waited for with __WALL only
  bool is_thread_ = false;           // of an older task's process: reaped without being waited for
  bool has_started_program_ = false;
  bool uncollected_ = false;         // a zombie no one waits for: Machine::collect() frees it
  WaitQueue child_exits_;            // where wait4(2) sleeps
  uint64_t clear_child_tid_ = 0;     // set_tid_address(2): guest address, zeroed and woken at exit
  std::atomic<uint32_t> event_{0};   // changes whenever the task has a reason to look around
  Ref<Process> shared_;              // with the threads of its process; a zombie still has it
  Ref<FdTable> fds_;
  Ref<FsContext> fs_;
  Ref<AddressSpace> space_;
};

}  // namespace cupel::libos
