#pragma once

namespace cupel {

// Called when our own state is wrong. Each platform defines it: the hosted one prints and aborts, a secure one
// terminates the machine. It must not return.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace cupel

// Our own invariant: on in every build. No guest and no host may be able to make it fail.
#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::cupel::check_failed(#condition, __FILE__, __LINE__))
