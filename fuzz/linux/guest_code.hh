#pragma once
#include "fuzz/program/program.hh"
#include "libos/interface/args.hh"
#include "libos/platform/registers.hh"
#include "libos/task/task.hh"

// What a processor in guest code does around a call where signals are sent: it comes with registers and a stack, and on its way back
// what is pending becomes a frame there. A handler's code is whatever the program calls next, until it calls rt_sigreturn(2);
// a call that is to be made again is not.
namespace cupel::fuzz {

// Where the guest's one syscall instruction would lie, which nobody runs; and the stacks.
inline constexpr uint64_t syscall_instruction = 0x0e80'0000, behind_syscall = syscall_instruction + 2;
inline constexpr uint64_t stacks_base = 0x0e00'0000, stack_size = 2 * 4096, stacks_size = tasks_max * stack_size;

// A way back to guest code. `before`: as the call left the registers; `interrupted`: the call, or linux_shim::no_call.
struct GuestReturn {
  int32_t tid;
  uint64_t interrupted;
  platform::GuestRegisters before, after;
  bool ended;  // the task, on the way
};

// The task is about to make that call by the guest's one instruction.
void come_from_guest_code(libos::Task& task, uint32_t task_number, uint64_t number, const interface::Registers& arguments);
// It has been answered, or (no_call) an interrupt came between two instructions.
GuestReturn go_to_guest_code(libos::Task& task, uint64_t answered, int64_t value);

}  // namespace cupel::fuzz
