// What the compiler and libos expect of a platform without a libc (ci/check_freestanding.py has the list).
#include <cstddef>
#include <cstdint>

#include "libos/base/check.hh"
#include "platforms/snp/image/machine_end.hh"

extern "C" {

void* memcpy(void* to, const void* from, size_t size) {
  void* const start = to;
  // SAFETY: copies `size` bytes upwards; the direction flag is clear in the kernel.
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
  return start;
}

void* memset(void* to, int byte, size_t size) {
  void* const start = to;
  // SAFETY: stores `size` bytes upwards; the direction flag is clear in the kernel.
  asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
  return start;
}

void* memmove(void* to, const void* from, size_t size) {
  auto* out = static_cast<volatile unsigned char*>(to);
  const auto* in = static_cast<const volatile unsigned char*>(from);
  if (out <= in) return memcpy(to, from, size);
  while (size-- > 0) out[size] = in[size];
  return to;
}

int memcmp(const void* left, const void* right, size_t size) {
  const auto* a = static_cast<const volatile unsigned char*>(left);
  const auto* b = static_cast<const volatile unsigned char*>(right);
  for (size_t index = 0; index < size; ++index) {
    const int difference = a[index] - b[index];
    if (difference != 0) return difference;
  }
  return 0;
}

void* memchr(const void* bytes, int byte, size_t size) {
  const auto* at = static_cast<const volatile unsigned char*>(bytes);
  for (; size > 0; --size, ++at) {
    if (*at == static_cast<unsigned char>(byte)) return const_cast<unsigned char*>(at);
  }
  return nullptr;
}

size_t strlen(const char* text) {
  const volatile char* at = text;
  while (*at != '\0') ++at;
  return static_cast<size_t>(at - text);
}

[[noreturn]] void __cxa_pure_virtual() { cupel::check_failed("a pure virtual function was called", "", 0); }
}

// What <vector>, <span> and <string_view> say when their bounds are broken.
namespace std {
[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...) { cupel::check_failed(format, "", 0); }
void __glibcxx_assert_fail(const char* file, int line, const char*, const char* condition) noexcept { cupel::check_failed(condition, file, line); }
}  // namespace std

namespace cupel {

void check_failed(const char* expression, const char* file, int line) { image::end_by_panic(expression, file, static_cast<uint64_t>(line)); }

}  // namespace cupel
