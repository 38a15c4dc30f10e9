#pragma once
#include <cstdint>

namespace cupel::platform {

// What a task's guest code has in its x86-64 registers while the task is in a call: what it goes on with. In the order
// of an interrupt frame, so that a platform's entry code can push it as it stands.
struct GuestRegisters {
  uint64_t r15 = 0, r14 = 0, r13 = 0, r12 = 0, rbp = 0, rbx = 0;
  uint64_t r11 = 0, r10 = 0, r9 = 0, r8 = 0, rax = 0, rcx = 0, rdx = 0, rsi = 0, rdi = 0;
  uint64_t rip = 0;
  uint64_t flags = 0x202;  // interrupts on, and the bit that is always 1
  uint64_t rsp = 0;
  uint64_t fs_base = 0, gs_base = 0;  // user addresses, always: the shim has checked them
};
static_assert(sizeof(GuestRegisters) == 20 * 8);

}  // namespace cupel::platform
