// LinuxPlatform's tasks. A task that shares its maker's space is a thread of the maker's host process; one with a space of its
// own gets a process, with the host's descriptors shared, and faults its memory in afresh.
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "libos/base/check.hh"
#include "platforms/linux/host_call.hh"
#include "platforms/linux/linux_platform.hh"
#include "platforms/linux/traps.hh"

extern "C" {
void cupel_gate();
int64_t cupel_clone(uint64_t flags, uint64_t stack, cupel::on_linux::Slot* slot);
[[noreturn]] void cupel_move(cupel::on_linux::Slot* slot);
[[noreturn]] void cupel_leave(cupel::on_linux::Slot* slot);
[[noreturn]] void cupel_go_on();
[[noreturn]] void cupel_begin(cupel::on_linux::Slot* slot);
[[noreturn]] void cupel_cannot_move(cupel::on_linux::Slot* slot);
void cupel_on_call(cupel::on_linux::Slot* slot);
void cupel_on_kick(cupel::on_linux::Slot* slot);
}

namespace cupel::on_linux {

using platform::GuestRegisters;
using platform::Space;

Slot& LinuxPlatform::current() {
  uint64_t base;
  asm volatile("rdgsbase %0" : "=r"(base));
  return *reinterpret_cast<Slot*>(base);  // SAFETY: adopt() and cupel_begin() put it there
}

Slot* LinuxPlatform::find(int32_t tid) {
  for (uint32_t index = 0; index < tasks_max; ++index) {
    Slot& slot = slot_at(index);
    if (slot.used.load(std::memory_order_relaxed) != 0 && slot.tid == tid && !slot.ended) return &slot;
  }
  return nullptr;
}

Slot* LinuxPlatform::take_slot(int32_t tid, Space space, const GuestRegisters& registers) {
  for (uint32_t index = 0; index < tasks_max; ++index) {
    Slot& slot = slot_at(index);
    if (slot.used.load(std::memory_order_acquire) != 0) continue;
    slot.registers = registers;
    slot.stack_top = address_of(&slot) + slot_stride - 64;
    slot.gate = &cupel_gate;
    slot.tid = tid, slot.space = space;
    slot.host_pid = slot.host_tid = 0;
    slot.ended = slot.moves = false;
    slot.task = nullptr;
    slot.kicked.store(0, std::memory_order_relaxed);
    slot.used.store(1, std::memory_order_release);
    return &slot;
  }
  return nullptr;
}

Slot& LinuxPlatform::adopt(int32_t tid) {
  Slot* slot = take_slot(tid, Space{}, {});
  CHECK(slot != nullptr);
  slot->host_pid = slot->host_tid = static_cast<int32_t>(host_call(__NR_getpid));
  asm volatile("wrgsbase %0" ::"r"(address_of(slot)));
  return *slot;
}

Result<> LinuxPlatform::start(int32_t tid, Space space, const GuestRegisters& registers) {
  Slot& maker = current();
  Slot* slot = take_slot(tid, space, registers);
  if (slot == nullptr) return fail(Errno::again);
  const bool thread = space == maker.space;
  slot->host_pid = thread ? maker.host_pid : 0;
  constexpr uint64_t thread_flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  const int64_t made = cupel_clone(thread ? thread_flags : CLONE_FILES | SIGCHLD, slot->stack_top, slot);
  if (made > 0) return {};
  slot->used.store(0, std::memory_order_release);
  return fail(Errno::again);
}

// Whether no other task runs in this host process.
bool LinuxPlatform::alone(const Slot& slot) {
  for (uint32_t index = 0; index < tasks_max; ++index) {
    const Slot& other = slot_at(index);
    if (&other != &slot && other.used.load(std::memory_order_acquire) != 0 && other.host_pid == slot.host_pid) return false;
  }
  return true;
}

void LinuxPlatform::replace(int32_t tid, Space space, const GuestRegisters& registers) {
  Slot& slot = current();
  CHECK(slot.tid == tid);
  slot.registers = registers;
  slot.space = space;
  slot.moves = !alone(slot);
  if (!slot.moves) enter_process(slot);
}

GuestRegisters& LinuxPlatform::registers(int32_t tid) {
  Slot& mine = current();
  if (mine.tid == tid) return mine.registers;
  Slot* other = find(tid);
  CHECK(other != nullptr);
  return other->registers;
}

void LinuxPlatform::stop(int32_t tid) {
  if (Slot* slot = current().tid == tid ? &current() : find(tid)) slot->ended = true;
}

void LinuxPlatform::interrupt(int32_t tid) {
  Slot* slot = find(tid);
  if (slot == nullptr) return;
  slot->kicked.store(1, std::memory_order_release);
  const bool is_mine = slot->host_tid == static_cast<int32_t>(host_call(__NR_gettid));  // it looks before it goes back
  if (slot->host_tid != 0 && !is_mine) host_call(__NR_tgkill, static_cast<uint64_t>(slot->host_pid), static_cast<uint64_t>(slot->host_tid), kick_signal);
}

void LinuxPlatform::run(Slot& slot) {
  prepare_thread(slot);
  enter_process(slot);
  cupel_go_on();
}

namespace {

// What the end of a call, or of a trap, asks for besides going on.
void settle(Slot& slot) {
  if (slot.ended) {
    // No signal may come to a stack that is somebody else's by then.
    const uint64_t all = ~uint64_t{0};
    host_call(__NR_rt_sigprocmask, SIG_SETMASK, address_of(&all), 0, sizeof(all));
    cupel_leave(&slot);
  }
  if (slot.moves) cupel_move(&slot);
}

}  // namespace
}  // namespace cupel::on_linux

using cupel::on_linux::Slot;

void cupel_on_call(Slot* slot) {
  slot->registers.rax = static_cast<uint64_t>(cupel::on_linux::platform_here().kernel().call(*slot));
  cupel::on_linux::settle(*slot);
}

void cupel_on_kick(Slot* slot) {
  slot->kicked.store(0, std::memory_order_relaxed);
  cupel::on_linux::platform_here().kernel().interrupted(*slot);
  cupel::on_linux::settle(*slot);
}

// A new host thread's first function, on its Slot's stack.
void cupel_begin(Slot* slot) {
  using namespace cupel::on_linux;
  asm volatile("wrgsbase %0" ::"r"(slot));
  slot->host_tid = static_cast<int32_t>(host_call(__NR_gettid));
  const bool is_process = slot->host_pid == 0 || slot->moves;
  if (is_process) platform_here().enter_process(*slot);
  slot->moves = false;
  prepare_thread(*slot);
  platform_here().kernel().begin(*slot);
  settle(*slot);
  cupel_go_on();
}

void cupel_cannot_move(Slot*) {
  cupel::on_linux::say("cupel: the host refuses one more process (ulimit -u, pids.max)\n");
  cupel::on_linux::platform_here().terminate(2);
}
