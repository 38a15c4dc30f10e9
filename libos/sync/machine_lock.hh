#pragma once
#include <atomic>
#include <cstdint>

#include "libos/platform/platform.hh"

namespace cupel::libos {

// The one lock of a machine: a task holds it from entering a call until it returns or sleeps (docs/adr/0001).
// A futex word (0 free, 1 held, 2 held and wanted), so that it works across host processes.
class [[clang::capability("mutex")]] MachineLock {
 public:
  void acquire(platform::Platform& platform) __attribute__((acquire_capability()));
  void release(platform::Platform& platform) __attribute__((release_capability()));
  bool held() const { return word_.load(std::memory_order_relaxed) != 0; }
  // For a platform that wants to know who waits for it: 0 while nobody holds it.
  const std::atomic<uint32_t>& word() const { return word_; }

 private:
  std::atomic<uint32_t> word_{0};
};

}  // namespace cupel::libos
