#pragma once
#include <deque>
#include <optional>

#include "fuzz/linux/guest_code.hh"
#include "fuzz/linux/guest_view.hh"
#include "fuzz/linux/hash.hh"
#include "fuzz/linux/layout.hh"
#include "fuzz/linux/named_files.hh"
#include "fuzz/linux/world.hh"

namespace cupel::fuzz {

// What in a call went wrong by plan, or because the machine's memory is full.
struct Mishaps {
  bool allocation = false;  // an allocation failed
  bool copy = false;        // a copy of guest memory stopped half-way
  bool wait = false;        // a wait was interrupted
  bool refusal = false;     // the host's policy does not grant the call
  bool any() const { return allocation || copy || wait || refusal; }
};

// One outcome of one call, with all that an oracle may want to know. Valid until the callback returns.
struct StepReport {
  size_t index;  // in Program::steps
  const Step& step;
  const interface::Invocation& invocation;
  const interface::Outcome& outcome;
  const Layout& layout;
  const mock::CallWatch& watch;
  Mishaps mishaps;
  bool alone;  // no other task had the processor since the call was made
  platform::Nanoseconds began, now;  // by the monotonic clock; the machine's has shown nothing outside of these during the call
};

// Looks on while a program runs. A step that blocks is reported each time it goes to sleep, and again when it returns;
// reports come in the order in which the outcomes took effect.
class Observer {
 public:
  virtual void before_step(size_t index, const interface::Invocation& invocation) { static_cast<void>(index), static_cast<void>(invocation); }
  virtual void on_step(const StepReport& report) = 0;
  // A task goes back to guest code; only where signals are sent.
  virtual void on_return(const GuestReturn& way) { static_cast<void>(way); }
  // Nothing goes on by itself any more: each task is out of steps or sleeps for ever; or it will never come to rest.
  virtual void at_rest() {}

 protected:
  ~Observer() = default;
};

struct RunOptions {
  std::byte fill{0};                           // of fresh allocations
  std::optional<Scheduling> scheduling{};      // instead of the program's own
  bool take_down = true;                       // end all tasks and empty the machine afterwards
};

struct RunResult {
  uint64_t trace_hash = 0;    // of everything that the guest could observe
  uint64_t steps_made = 0;
  bool came_back_clean = true;  // take_down: the arena is as empty as before boot
  bool unwound = true;          // each call that slept came back once its task was killed
};

// Runs programs on libos over the mock, one after another, each on a machine as new.
class Executor final : private mock::Guest {
 public:
  // Programs of all calls that the mock serves; or, of an interface that must outlive it, on a machine with other bounds.
  Executor();
  Executor(const interface::InterfaceDesc& interface, const libos::Config& config);

  // `observer` may be nullptr.
  RunResult run(const Program& program, const RunOptions& options, Observer* observer);

  World& world() { return world_; }
  const World& world() const { return world_; }
  const interface::InterfaceDesc& interface() const { return interface_; }
  // The trace hash after each step's last report, of the last run; 0 for steps not made.
  std::span<const uint64_t> step_hashes() const { return step_hashes_; }
  // Tasks in a call that has not come back; while the machine is at rest.
  struct Blocked {
    size_t step;
    int32_t tid;
  };
  std::vector<Blocked> blocked() const;
  // Wakes every sleeping task for no reason and lets things come to rest again; each that does not go back to sleep in the
  // same call had been forgotten. But who finds at this look what does not wake anybody - that the file was made not to
  // block, that a number it polls stands for another file - was right to sleep. From at_rest() only.
  std::vector<Blocked> wake_for_nothing();
  // Reports each call that is asleep once more, as it is now. From at_rest() only.
  void report_sleepers();
  // Some task waits for the machine lock and will for ever, or the machine never comes to rest, or a task goes on though it
  // was killed. Nobody may wake anything then.
  bool stuck() const { return outlives_kill_ || world_.platform().exhausted() || !world_.platform().waiting_for_lock().empty(); }

 private:
  static constexpr size_t no_step = SIZE_MAX;
  static constexpr size_t elsewhere_size_max = 4096;  // bytes of a stretch that are looked at
  // Memory that a call may write and that is none of its slots.
  struct Elsewhere {
    uint64_t address = 0;
    std::vector<std::byte> before, after;
  };
  // A task's call, from its layout until it returns.
  struct ActiveCall {
    size_t step = no_step;
    libos::Task* task = nullptr;
    Layout layout;
    mock::CallWatch watch;
    std::vector<mock::Tampering> tampering;
    std::vector<Elsewhere> elsewhere;  // the first `elsewhere_count` are in use
    size_t elsewhere_count = 0;
    std::vector<std::byte> after;      // what lies at layout.base by now
    std::vector<interface::Slot> slots;
    interface::Invocation invocation{};
    std::optional<GuestView> view;
    bool stored = false;         // the slots lie in guest memory as laid out
    uint64_t sleeps = 0;
    NamedFiles polled;           // what its array of descriptors stood for when it went to sleep
    uint64_t switches = 0;       // of the processor, before the call
    platform::Nanoseconds began = 0;
    uint64_t fail_in = 0;        // planned: which allocation from `allocations` on fails; 0: none
    uint64_t allocations = 0;    // the arena's counts when the task got the processor
    uint64_t refusals = 0;
    bool refused = false;        // an allocation failed
  };

  void run(const mock::RunningTask& task) override;
  void on_sleep(const mock::RunningTask& task) override;
  void on_switch_in(const mock::RunningTask& task) override;
  void on_switch_out(const mock::RunningTask& task) override;

  ActiveCall& active(uint32_t task_number);
  void run_to_rest();
  bool unwind();
  void make_step(const mock::RunningTask& running, size_t index);
  bool store(const ActiveCall& call);
  void go_back(libos::Task& task, uint64_t answered, int64_t value);
  bool interrupt_idle();
  void look_elsewhere(ActiveCall& call);
  void plan(ActiveCall& call, mock::CallPlan& plan);
  void count_allocations(ActiveCall& call);
  void report(ActiveCall& call, interface::Outcome outcome);
  void tell_observer(ActiveCall& call, const interface::Outcome& outcome);
  void capture_slots(ActiveCall& call);
  void add_to_hash(const ActiveCall& call, const interface::Outcome& outcome);
  libos::Task& find_task(int32_t tid);

  const interface::InterfaceDesc& interface_;
  const bool signals_;
  Layouter layouter_;
  const Program* program_ = nullptr;
  Observer* observer_ = nullptr;
  std::deque<ActiveCall> calls_;          // by task number
  std::vector<size_t> next_step_;         // of the same task, by step
  std::array<size_t, tasks_max> first_step_{};
  std::vector<uint64_t> step_hashes_;
  std::vector<int64_t> step_values_;      // what each step came back with
  Hash hash_;
  bool outlives_kill_ = false;  // some task has entered the kernel after it was killed, and come out again
  uint64_t steps_made_ = 0;
  bool reporting_ = false;
  World world_;  // last: booting it runs a guest
};

}  // namespace cupel::fuzz
