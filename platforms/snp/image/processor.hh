#pragma once
#include <cstddef>
#include <cstdint>

#include "libos/platform/registers.hh"

// The one processor: its descriptor tables, the ways into the kernel, and back to guest code (entry.S).
namespace cupel::image {

// What the entry code pushes.
struct RawFrame {
  uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
  uint64_t vector, error;
  uint64_t rip, code_segment, flags, rsp, stack_segment;
};
inline constexpr uint64_t vector_page_fault = 14, vector_syscall = 256;
inline constexpr uint64_t user_code_segment = 0x23;

// The vector registers and x87, as FXSAVE stores them.
struct alignas(16) FloatingState {
  std::byte bytes[512];
};
inline void save_floating(FloatingState& state) { asm volatile("fxsave64 %0" : "=m"(state)); }                 // SAFETY: 512 bytes, 16-aligned
inline void load_floating(const FloatingState& state) { asm volatile("fxrstor64 %0" : : "m"(state)); }         // SAFETY: what FXSAVE stored

void set_up_processor();
// The stack on which the next entry from guest code begins.
void set_kernel_stack(uint64_t top);
// A fresh program's.
const FloatingState& initial_floating();
// Bases and flags as a guest may have them, then return_to_user.
[[noreturn]] void resume_guest(platform::GuestRegisters& registers);

}  // namespace cupel::image
