// The memory functions that compilers emit calls to, for code that runs on a guest's behalf: libc's own use vector registers,
// and these must be as the guest left them. And what a wrong state of our own comes to.
#include <cstddef>

#include "libos/base/check.hh"
#include "platforms/linux/linux_platform.hh"
#include "platforms/linux/host_call.hh"
#include "platforms/linux/traps.hh"

extern "C" {

void* memcpy(void* to, const void* from, size_t size) {
  void* at = to;
  asm volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size)::"memory");
  return to;
}

void* memmove(void* to, const void* from, size_t size) {
  auto* target = static_cast<unsigned char*>(to);
  const auto* source = static_cast<const unsigned char*>(from);
  if (target <= source || target >= source + size) return memcpy(to, from, size);
  // Downwards; with the direction flag the string instructions are slow, and signals would find it set.
  while (size >= 8) {
    size -= 8;
    uint64_t word;
    __builtin_memcpy_inline(&word, source + size, 8);
    __builtin_memcpy_inline(target + size, &word, 8);
  }
  while (size > 0) {
    --size;
    target[size] = source[size];
  }
  return to;
}

void* memset(void* to, int value, size_t size) {
  void* at = to;
  asm volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(value) : "memory");
  return to;
}

int memcmp(const void* a, const void* b, size_t size) {
  const auto* left = static_cast<const unsigned char*>(a);
  const auto* right = static_cast<const unsigned char*>(b);
  for (size_t index = 0; index < size; ++index) {
    if (left[index] != right[index]) return left[index] < right[index] ? -1 : 1;
  }
  return 0;
}

int bcmp(const void* a, const void* b, size_t size) { return memcmp(a, b, size); }

void* memchr(const void* in, int value, size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(in);
  for (size_t index = 0; index < size; ++index) {
    if (bytes[index] == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(bytes + index);
  }
  return nullptr;
}

size_t strlen(const char* text) {
  size_t size = 0;
  while (text[size] != '\0') ++size;
  return size;
}

}  // extern "C"

namespace cupel {

void check_failed(const char* expression, const char* file, int line) {
  on_linux::say("cupel: ");
  on_linux::say(file);
  on_linux::say(":");
  on_linux::say_number(static_cast<uint64_t>(line));
  on_linux::say(": CHECK failed: ");
  on_linux::say(expression);
  on_linux::say("\n");
  on_linux::platform_here().terminate(0);
}

}  // namespace cupel

// libstdc++'s assertions are ours.
void std::__glibcxx_assert_fail(const char* file, int line, const char*, const char* condition) noexcept { cupel::check_failed(condition, file, line); }
