#pragma once
#include <cstdint>

#include "libos/interface/args.hh"

// System calls without a C library in between: what the kernel answers is what one sees, and nothing else happens.
namespace cupel::host {

// rax afterwards: the result, or -errno.
inline int64_t raw_call(uint64_t number, const interface::Registers& registers) {
  int64_t result;
  register uint64_t r10 asm("r10") = registers[3];
  register uint64_t r8 asm("r8") = registers[4];
  register uint64_t r9 asm("r9") = registers[5];
  // SAFETY: the kernel preserves all but rax, rcx and r11 (syscall(2)); what it writes to memory is its arguments' matter.
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(registers[0]), "S"(registers[1]), "d"(registers[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

// A call that may make a task: the new one leaves before it touches the stack, which it may share with us.
inline int64_t raw_spawn(uint64_t number, const interface::Registers& registers) {
  int64_t result;
  register uint64_t r10 asm("r10") = registers[3];
  register uint64_t r8 asm("r8") = registers[4];
  register uint64_t r9 asm("r9") = registers[5];
  // SAFETY: as above; where rax is 0 this is the new task, and exit(2) (60) ends it here.
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%edi, %%edi\n\t"
      "mov $60, %%eax\n\t"
      "syscall\n"
      "1:"
      : "=a"(result)
      : "a"(number), "D"(registers[0]), "S"(registers[1]), "d"(registers[2]), "r"(r10), "r"(r8), "r"(r9)
      : "rcx", "r11", "memory", "cc");
  return result;
}

// A call that ends its task, as exit(2) does with its one argument: made by a new process, which shares our memory and the
// stack it leaves alone, while we wait (CLONE_VM | CLONE_VFORK). That process's id. Where the call comes back, an illegal
// instruction ends it, which its status tells.
inline int64_t raw_end(uint64_t number, uint64_t argument) {
  int64_t result;
  register uint64_t r10 asm("r10") = 0;
  register uint64_t r8 asm("r8") = 0;
  // SAFETY: as above; where rax is 0 this is the new process, which goes no further than ud2.
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "mov %[number], %%rax\n\t"
      "mov %[argument], %%rdi\n\t"
      "syscall\n\t"
      "ud2\n"
      "1:"
      : "=a"(result)
      : "a"(56), "D"(0x4100), "S"(0), "d"(0), "r"(r10), "r"(r8), [number] "r"(number), [argument] "r"(argument)
      : "rcx", "r11", "memory", "cc");
  return result;
}

template <class T>
uint64_t word(T value) {
  if constexpr (std::is_pointer_v<T>) {
    // SAFETY: only ever handed to the kernel.
    return reinterpret_cast<uint64_t>(value);
  } else {
    return static_cast<uint64_t>(value);
  }
}

template <class... A>
int64_t kernel(long number, A... arguments) {
  return raw_call(static_cast<uint64_t>(number), {word(arguments)...});
}

}  // namespace cupel::host
