#include "cli/run/guest.hh"

#include <utility>

#include "libos/task/process.hh"
#include "libos/task/signals.hh"
#include "platforms/linux/traps.hh"
#include "shims/linux/shim.hh"
#include "shims/linux/signal_frame.hh"

namespace cupel::run {

using libos::Task;
using on_linux::Slot;

namespace {

constexpr uint64_t rt_sigreturn = 15;

// For as long as a trap is looked at; calls take it themselves.
class [[clang::scoped_lockable]] Locked {
 public:
  explicit Locked(libos::Machine& machine) __attribute__((acquire_capability(machine.lock()))) : machine_(machine) { machine.lock().acquire(machine.platform()); }
  ~Locked() __attribute__((release_capability())) { machine_.lock().release(machine_.platform()); }

 private:
  libos::Machine& machine_;
};

}  // namespace

Task& Guest::task_of(Slot& slot) {
  if (slot.task == nullptr) slot.task = machine().find_task(slot.tid);
  CHECK(slot.task != nullptr);
  return *static_cast<Task*>(slot.task);
}

// Waits until the call that made the task is over: it writes the new thread's number where the thread looks for it.
void Guest::begin(Slot& slot) {
  Locked lock(machine());
  task_of(slot);
}

int64_t Guest::call(Slot& slot) {
  const platform::GuestRegisters& now = slot.registers;
  const uint64_t number = now.rax;
  Task& task = task_of(slot);
  const int64_t result = linux_shim::enter(task, number, {now.rdi, now.rsi, now.rdx, now.r10, now.r8, now.r9});
  if (slot.ended) return end(slot), result;
  slot.answered = number == rt_sigreturn ? Slot::none_answered : number;
  if (result == -static_cast<int64_t>(Errno::pipe)) {
    Locked lock(machine());
    linux_shim::after_call(task, number, result);
  }
  return result;
}

void Guest::fault(Slot& slot, uint64_t address, platform::Access wanted, int signal) {
  constexpr int not_mapped = 1;  // SEGV_MAPERR
  {
    Locked lock(machine());
    if (on_linux::platform_here().touch(slot.space, address, wanted)) return;
  }
  trap(slot, signal, not_mapped, address);
}

// Delivered like any other signal, behind the trap's handler.
void Guest::trap(Slot& slot, int signal, int code, uint64_t address) {
  Locked lock(machine());
  libos::force_signal(task_of(slot), {.number = signal, .code = code, .first = address});
}

void Guest::interrupted(Slot& slot) {
  {
    Locked lock(machine());
    Task& task = task_of(slot);
    if (task.state() == Task::State::running) linux_shim::deliver_signals(task, std::exchange(slot.answered, Slot::none_answered));
    if (task.state() == Task::State::running && task.killed()) task.exit(task.exit_status());
  }
  if (slot.ended) end(slot);
}

void Guest::site_trapped(Slot& slot, uint64_t behind_site, uint64_t number) {
  if (!patches_) return;
  Locked lock(machine());
  // A site that cannot be patched traps again, which is slow and right.
  static_cast<void>(patcher_.patch(task_of(slot), behind_site, number));
}

void Guest::end(Slot& slot) {
  constexpr int32_t first_tid = 1;
  if (slot.tid != first_tid) return;
  on_linux::SharedState& state = on_linux::shared();
  state.exit_status = task_of(slot).exit_status();
  state.finished.store(1, std::memory_order_release);
  state.ring();
}

void Guest::stream_changed(uint32_t stream) {
  Locked lock(machine());
  machine().stream_changed(stream);
}

// The machine may not be there yet.
void Guest::alarm() {
  if (on_linux::shared().machine == nullptr) return;
  Locked lock(machine());
  machine().ring_alarms();
}

// As a terminal does it: to the group of the first process.
void Guest::host_signal(int signal) {
  if (on_linux::shared().machine == nullptr) return;
  Locked lock(machine());
  const int32_t group = machine().first_task().process().group;
  for (Task& task : machine().tasks()) {
    if (!task.is_thread() && task.process().group == group) libos::send_process_signal(task, {.number = signal, .code = libos::SignalInfo::from_kernel});
  }
}

}  // namespace cupel::run
