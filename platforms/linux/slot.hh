#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libos/platform/platform.hh"
#include "platforms/linux/layout.hh"

namespace cupel::on_linux {

// A task as the platform runs it: on a host thread whose GS base points here, so that the gate finds its way without a
// register. Guest code keeps the FS base. It lies in shared memory, with the stack its calls run on behind it: libos queues
// things that live on stacks, and other processes look at them. gate.S knows the offsets.
struct Slot {
  platform::GuestRegisters registers;
  uint64_t stack_top = 0;
  void (*gate)() = nullptr;                 // where patched call sites jump to
  std::atomic<uint32_t> kicked{0};          // look around before going back to guest code
  std::atomic<uint32_t> used{0};            // set to 0 by the last instructions of its thread
  int32_t tid = 0;
  platform::Space space{};
  int32_t host_pid = 0, host_tid = 0;
  bool ended = false;                       // the thread leaves instead of going back
  bool moves = false;                       // it goes on in a host process of its own
  void* task = nullptr;                     // the kernel's: what it knows this task by
  uint64_t answered = 0;                    // the kernel's: the call whose answer is in rax, or none_answered
  static constexpr uint64_t none_answered = UINT64_MAX;
};

namespace slot_offset {
inline constexpr size_t rip = 120, flags = 128, rsp = 136, fs_base = 144, stack_top = 160, gate = 168, kicked = 176, used = 180;
}
static_assert(offsetof(Slot, registers) == 0 && offsetof(platform::GuestRegisters, rip) == slot_offset::rip);
static_assert(offsetof(platform::GuestRegisters, flags) == slot_offset::flags && offsetof(platform::GuestRegisters, rsp) == slot_offset::rsp);
static_assert(offsetof(platform::GuestRegisters, fs_base) == slot_offset::fs_base && offsetof(platform::GuestRegisters, rax) == 80);
static_assert(offsetof(Slot, stack_top) == slot_offset::stack_top && offsetof(Slot, gate) == slot_offset::gate);
static_assert(offsetof(Slot, kicked) == slot_offset::kicked && offsetof(Slot, used) == slot_offset::used);

// What the platform asks of the kernel above it. All of it runs on the task's own host thread.
class Kernel {
 public:
  // A started task is about to run guest code for the first time.
  virtual void begin(Slot& slot) = 0;
  // The guest made the call that its registers say; what comes back goes into rax.
  virtual int64_t call(Slot& slot) = 0;
  // Guest code touched a page that its host process does not have. `signal` is the host's, should nothing mend it.
  virtual void fault(Slot& slot, uint64_t address, platform::Access wanted, int signal) = 0;
  // Guest code did what the processor refuses: a host signal tells what, with its code and where.
  virtual void trap(Slot& slot, int signal, int code, uint64_t address) = 0;
  // A `syscall` instruction trapped: a chance to make its site a jump. What the guest has in registers is not in the slot yet.
  virtual void site_trapped(Slot& slot, uint64_t behind_site, uint64_t number) = 0;
  // Somebody asked for the task's attention. The vector registers are the guest's.
  virtual void interrupted(Slot& slot) = 0;
  // In the supervisor: one of the host's streams can be read or written again, or will never be.
  virtual void stream_changed(uint32_t stream) = 0;
  // In the supervisor: the time that alarm_at() named has come.
  virtual void alarm() = 0;
  // In the supervisor: it was sent a signal by the host, which is for the machine's first program.
  virtual void host_signal(int signal) = 0;

 protected:
  ~Kernel() = default;
};

}  // namespace cupel::on_linux
