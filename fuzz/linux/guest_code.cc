#include "fuzz/linux/guest_code.hh"

#include <sys/syscall.h>

#include "libos/machine/machine.hh"
#include "shims/linux/signal_frame.hh"

namespace cupel::fuzz {

using libos::Task;
using platform::GuestRegisters;

void come_from_guest_code(Task& task, uint32_t task_number, uint64_t number, const interface::Registers& arguments) {
  GuestRegisters& now = task.platform().registers(task.tid());
  if (now.rsp == 0) now.rsp = stacks_base + (task_number % tasks_max + 1) * stack_size;
  now.rip = behind_syscall, now.rax = number;
  now.rdi = arguments[0], now.rsi = arguments[1], now.rdx = arguments[2], now.r10 = arguments[3], now.r8 = arguments[4], now.r9 = arguments[5];
  // By way of the restorer, whose address the handler's return has taken off the stack.
  if (number == SYS_rt_sigreturn) now.rsp += sizeof(uint64_t);
}

GuestReturn go_to_guest_code(Task& task, uint64_t answered, int64_t value) {
  libos::Machine& machine = task.machine();
  platform::Platform& platform = machine.platform();
  machine.lock().acquire(platform);
  machine.ring_alarms();
  const int32_t tid = task.tid();
  if (answered == SYS_rt_sigreturn) answered = linux_shim::no_call;
  if (answered != linux_shim::no_call) platform.registers(tid).rax = static_cast<uint64_t>(value), linux_shim::after_call(task, answered, value);
  GuestReturn way{.tid = tid, .interrupted = answered, .before = platform.registers(tid), .after = {}, .ended = false};
  linux_shim::deliver_signals(task, answered);
  way.after = platform.registers(tid);
  if (task.state() == Task::State::running && task.killed()) task.exit(task.exit_status());
  way.ended = task.state() != Task::State::running;
  machine.lock().release(platform);
  return way;
}

}  // namespace cupel::fuzz
