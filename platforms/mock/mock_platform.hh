#pragma once
#include <memory>
#include <vector>

#include "libos/platform/platform.hh"
#include "platforms/mock/call_watch.hh"
#include "platforms/mock/fiber.hh"
#include "platforms/mock/scheduler.hh"
#include "platforms/mock/simulated_memory.hh"

namespace cupel::mock {

// A task as the platform runs it.
struct RunningTask {
  uint32_t number;  // how many tasks were started before it; never used twice between two resets
  int32_t tid;
  platform::Space space;
};

// The guest's code: what a started task does on its fiber.
class Guest {
 public:
  // Returning makes the task idle: it exists, and does nothing until MockPlatform::rouse().
  virtual void run(const RunningTask& task) = 0;
  // The task is about to sleep: everything it did so far has taken effect, and nothing has happened since. Not called
  // where it only waits for the machine lock.
  virtual void on_sleep(const RunningTask&) {}
  // Around each stretch for which a task has the processor.
  virtual void on_switch_in(const RunningTask&) {}
  virtual void on_switch_out(const RunningTask&) {}

 protected:
  ~Guest() = default;
};

enum class Policy : uint8_t { allow_all, deny_all, mixed };  // what granted() answers; mixed: by call number and seed

// All that chance decides in a run.
struct Chances {
  Schedule schedule{};
  Policy policy = Policy::allow_all;
  uint64_t seed = 0;  // of random() and of the mixed policy
};

// The deterministic machine: simulated memory, tasks on fibers, virtual time, planned faults. Everything that happens is a
// function of what it was reset with and of what the machine on it asks. Not thread-safe; one machine at a time.
class MockPlatform final : public platform::Platform {
 public:
  static constexpr uint32_t tasks_max = 64;               // started and not yet ended
  static constexpr uint64_t switches_max = 1 << 18;       // of the processor in one run()
  static constexpr platform::Nanoseconds tick = 1'000;    // by which each look at a clock advances it
  static constexpr platform::Nanoseconds boot_time = 1'000'000'000;                    // monotonic
  static constexpr platform::Nanoseconds boot_realtime = 1'700'000'000'000'000'000;    // 2023-11-14

  explicit MockPlatform(Guest& guest) : guest_(guest) { reset({}); }
  ~MockPlatform();

  // No tasks and no spaces, or those of the last save(); time and chance start anew.
  void reset(const Chances& chances);
  // From now on reset() comes back to this. All tasks must be idle.
  void save();

  // --- running; from outside of any fiber ---
  // Lets tasks run until each is idle or sleeps without a deadline; or until they have changed places so often that they
  // will go on for ever.
  void run();
  bool exhausted() const { return exhausted_; }
  // Forgets all tasks, wherever they are: the machine cannot be taken down by itself any more. Their stacks are kept as they are;
  // or used again, where nothing on them owns anything.
  enum class Stacks : uint8_t { kept, used_again };
  void abandon(Stacks stacks = Stacks::kept);
  // halt() was called: no task runs any more.
  bool halted() const { return halted_; }
  // An idle task runs Guest::run once more.
  void rouse(int32_t tid);
  // Tasks that sleep now.
  std::vector<RunningTask> sleeping() const;
  // Tasks that wait for the machine lock. At rest this is a deadlock.
  std::vector<RunningTask> waiting_for_lock() const;
  bool ended(int32_t tid) const;

  // --- from a task's fiber ---
  // The task is about to make a call: a preemption point. `due` orders the tasks' calls for Order::in_order.
  void at_call(uint64_t due);
  // What the calling task does with guest memory from here on is the watch's business; nullptr: nobody's.
  void watch(CallWatch* watch);
  // Whether stop() was called for the calling task: then its fiber has to return.
  bool stopped() const;
  // The machine stands, in the middle of whatever it does; run() comes back, and until reset() nothing but abandon() is left.
  [[noreturn]] void halt();
  // Whether a task's fiber is what runs now.
  bool in_task() const { return current_ != nobody; }
  // Counts how often the processor changed hands.
  uint64_t switches() const { return switches_; }

  // This word is the machine lock, 0 while nobody holds it. Waiting for it is no sleep, and waking it is no preemption
  // point, so that the order in which calls return is that in which they took effect; but where a call copies guest memory
  // without holding it, that is one.
  void set_lock_word(const std::atomic<uint32_t>* word) { lock_word_ = word; }
  bool is_lock_word(const std::atomic<uint32_t>& word) const { return &word == lock_word_; }

  SimulatedMemory& memory() { return memory_; }
  const Scheduler& scheduler() const { return scheduler_; }
  std::span<const std::byte> console_output() const { return console_; }
  platform::Nanoseconds clock() const { return clock_; }

  // --- platform::Platform ---
  Result<platform::Space> new_space(platform::FaultHandler& handler) override { return memory_.new_space(handler); }
  void drop_space(platform::Space space) override { memory_.drop_space(space); }
  Result<> map(platform::Space space, uint64_t page_address, std::byte* frame, platform::Access access) override;
  void unmap(platform::Space space, uint64_t page_address, uint64_t page_count) override;
  void protect(platform::Space space, uint64_t page_address, uint64_t page_count, platform::Access access) override;
  size_t copy_in(platform::Space space, uint64_t address, std::span<std::byte> out) override;
  size_t copy_out(platform::Space space, uint64_t address, std::span<const std::byte> bytes) override;
  Result<uint32_t> compare_exchange(platform::Space space, uint64_t address, uint32_t expected, uint32_t desired) override;
  platform::Woken wait(std::atomic<uint32_t>& word, uint32_t expected, platform::Nanoseconds deadline) override;
  void wake(std::atomic<uint32_t>& word, uint32_t count) override;
  platform::Nanoseconds now(platform::ClockBase clock) override;
  // The same without the tick that a look at a clock takes: for whoever watches, and not for the machine.
  platform::Nanoseconds time_shown(platform::ClockBase clock) const;
  void random(std::span<std::byte> out) override;
  // Guest code does not run here, so registers are only kept: after replace() the task's script goes on, in its new space.
  Result<> start(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) override;
  Result<> start(int32_t tid, platform::Space space) { return start(tid, space, {}); }
  void replace(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) override;
  platform::GuestRegisters& registers(int32_t tid) override;
  void stop(int32_t tid) override;
  bool granted(uint32_t call_number) override;
  void console(std::span<const std::byte> bytes) override;
  [[noreturn]] void terminate(uint32_t reason) override;

 private:
  enum class State : uint8_t { idle, ready, waiting, ended };
  struct TaskState {
    RunningTask task;
    State state = State::ready;
    bool stopped = false;
    std::unique_ptr<Fiber> fiber{};  // while it is not idle
    CallWatch* watch = nullptr;
    const std::atomic<uint32_t>* word = nullptr;  // what it waits for
    platform::Nanoseconds deadline = platform::no_deadline;
    platform::Woken woken = platform::Woken::woken;
    uint64_t waits_since = 0;
    platform::GuestRegisters registers{};
  };
  static constexpr uint32_t nobody = UINT32_MAX;

  TaskState* find(int32_t tid);
  void give_fiber(TaskState& state);
  void point();
  void point_unless_locked();
  void resume(uint32_t number);
  void suspend();
  bool pass_time();
  std::span<const uint32_t> ready();

  Guest& guest_;
  SimulatedMemory memory_;
  Scheduler scheduler_;
  std::vector<TaskState> tasks_;  // by number
  platform::GuestRegisters unstarted_;  // of whoever makes calls without having been started
  std::vector<uint64_t> due_;     // by number
  std::vector<uint32_t> ready_;
  std::vector<std::unique_ptr<Fiber>> spare_fibers_;
  std::vector<std::unique_ptr<Fiber>> abandoned_fibers_;  // in the middle of something that will not go on
  std::vector<RunningTask> saved_tasks_;
  uint32_t current_ = nobody;
  uint32_t next_ = nobody;  // whom a preemption point has chosen
  uint32_t alive_ = 0;
  uint64_t wait_serial_ = 0;
  uint64_t switches_ = 0;
  bool exhausted_ = false, halted_ = false;
  const std::atomic<uint32_t>* lock_word_ = nullptr;
  Chances chances_;
  platform::Nanoseconds clock_ = 0;
  uint64_t random_state_ = 0;
  std::vector<std::byte> console_;
};

}  // namespace cupel::mock
