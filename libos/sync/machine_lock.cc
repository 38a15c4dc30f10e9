#include "libos/sync/machine_lock.hh"

#include "libos/base/check.hh"

namespace cupel::libos {
namespace {

constexpr uint32_t free_word = 0, held_word = 1, wanted_word = 2;

}  // namespace

void MachineLock::acquire(platform::Platform& platform) {
  uint32_t expected = free_word;
  if (word_.compare_exchange_strong(expected, held_word, std::memory_order_acquire)) return;
  while (word_.exchange(wanted_word, std::memory_order_acquire) != free_word) {
    platform.wait(word_, wanted_word, platform::no_deadline);
  }
}

void MachineLock::release(platform::Platform& platform) {
  const uint32_t before = word_.exchange(free_word, std::memory_order_release);
  CHECK(before != free_word);
  if (before == wanted_word) platform.wake(word_, 1);
}

}  // namespace cupel::libos
