#include "cli/run/guest.hh"

#include "libos/mm/address_space.hh"
#include "platforms/linux/traps.hh"
#include "shims/linux/shim.hh"

namespace cupel::run {

using libos::Task;
using on_linux::Slot;

namespace {

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
  if (slot.task == nullptr) slot.task = machine_->find_task(slot.tid);
  CHECK(slot.task != nullptr);
  return *static_cast<Task*>(slot.task);
}

// Waits until the call that made the task is over: it writes the new thread's number where the thread looks for it.
void Guest::begin(Slot& slot) {
  Locked lock(*machine_);
  task_of(slot);
}

int64_t Guest::call(Slot& slot) {
  const platform::GuestRegisters& now = slot.registers;
  const int64_t result = linux_shim::enter(task_of(slot), now.rax, {now.rdi, now.rsi, now.rdx, now.r10, now.r8, now.r9});
  if (slot.ended) end(slot);
  return result;
}

void Guest::fault(Slot& slot, uint64_t address, platform::Access wanted, int signal) {
  {
    Locked lock(*machine_);
    if (on_linux::platform_here().touch(slot.space, address, wanted)) return;
  }
  trap(slot, signal);
}

void Guest::trap(Slot& slot, int signal) {
  {
    Locked lock(*machine_);
    Task& task = task_of(slot);
    for (Task& other : machine_->tasks()) {
      if (&other != &task && other.pid() == task.pid() && other.state() == Task::State::running) other.kill(signal);
    }
    task.exit(signal);
  }
  end(slot);
}

void Guest::interrupted(Slot& slot) {
  {
    Locked lock(*machine_);
    Task& task = task_of(slot);
    if (task.state() == Task::State::running && task.killed()) task.exit(task.exit_status());
  }
  if (slot.ended) end(slot);
}

void Guest::site_trapped(Slot& slot, uint64_t behind_site, uint64_t number) {
  if (!patches_) return;
  Locked lock(*machine_);
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
  Locked lock(*machine_);
  machine_->stream_changed(stream);
}

}  // namespace cupel::run
