#pragma once
#include <asm/unistd.h>

#include <cstdint>

// Calls to the host's kernel. While guest code's FS base is loaded there is no thread-local storage of ours, so nothing here
// has an errno: what comes back is the kernel's own value, -errno on failure.
namespace cupel::on_linux {

inline int64_t host_call(long number, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0, uint64_t d = 0, uint64_t e = 0, uint64_t f = 0) {
  int64_t result;
  register uint64_t r10 asm("r10") = d;
  register uint64_t r8 asm("r8") = e;
  register uint64_t r9 asm("r9") = f;
  // SAFETY: the kernel's calling convention; it changes rcx, r11 and what the pointers name.
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}

template <class T>
uint64_t address_of(T* pointer) {
  return reinterpret_cast<uint64_t>(pointer);  // SAFETY: a register's value for the kernel; not dereferenced here
}

// A message on standard error, in pieces. For what must be said while nothing else can be relied on.
void say(const char* text);
void say_hex(uint64_t value);
void say_number(uint64_t value);

}  // namespace cupel::on_linux
