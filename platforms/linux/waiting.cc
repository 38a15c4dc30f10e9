// LinuxPlatform's waiting, time, chance and last words.
#include <linux/futex.h>
#include <time.h>

#include "libos/base/check.hh"
#include "platforms/linux/host_call.hh"
#include "platforms/linux/linux_platform.hh"

namespace cupel::on_linux {

using platform::ClockBase;
using platform::Nanoseconds;
using platform::Woken;

// Words lie in shared memory, so the futexes are shared ones.
Woken LinuxPlatform::wait(std::atomic<uint32_t>& word, uint32_t expected, Nanoseconds deadline) {
  constexpr Nanoseconds second = 1'000'000'000;
  timespec at{};
  if (deadline != platform::no_deadline) at = {deadline / second, deadline % second};
  const int64_t result = host_call(__NR_futex, address_of(&word), FUTEX_WAIT_BITSET, expected, deadline == platform::no_deadline ? 0 : address_of(&at), 0, FUTEX_BITSET_MATCH_ANY);
  return result == -static_cast<int64_t>(Errno::timedout) ? Woken::timed_out : Woken::woken;
}

void LinuxPlatform::wake(std::atomic<uint32_t>& word, uint32_t count) { host_call(__NR_futex, address_of(&word), FUTEX_WAKE, count); }

// The supervisor's clock thread sleeps until then.
void LinuxPlatform::alarm_at(Nanoseconds when) {
  SharedState& state = shared();
  if (state.alarm_due.exchange(when, std::memory_order_relaxed) == when) return;
  state.alarm_word.fetch_add(1, std::memory_order_release);
  host_call(__NR_futex, address_of(&state.alarm_word), FUTEX_WAKE, 1);
}

// The host's vdso answers without a call; it touches no thread-local storage unless it fails.
Nanoseconds LinuxPlatform::now(ClockBase clock) {
  timespec at{};
  clock_gettime(clock == ClockBase::realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1'000'000'000 + at.tv_nsec;
}

void LinuxPlatform::random(std::span<std::byte> out) {
  while (!out.empty()) {
    const int64_t got = host_call(__NR_getrandom, address_of(out.data()), out.size());
    if (got == -static_cast<int64_t>(Errno::intr)) continue;
    if (got <= 0) terminate(1);
    out = out.subspan(static_cast<size_t>(got));
  }
}

void LinuxPlatform::console(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const int64_t written = host_call(__NR_write, 1, address_of(bytes.data()), bytes.size());
    if (written == -static_cast<int64_t>(Errno::intr)) continue;
    if (written <= 0) return;  // the host's reader is gone
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

// The supervisor sees it and ends all other processes of the machine.
void LinuxPlatform::terminate(uint32_t reason) {
  say("cupel: the machine ended itself, reason ");
  say_hex(reason);
  say("\n");
  shared().failed.store(1, std::memory_order_release);
  for (;;) host_call(__NR_exit_group, 125);
}

void SharedState::ring() {
  bell.fetch_add(1, std::memory_order_release);
  host_call(__NR_futex, address_of(&bell), FUTEX_WAKE, 1);
}

void say(const char* text) {
  size_t size = 0;
  while (text[size] != '\0') ++size;
  host_call(__NR_write, 2, address_of(text), size);
}

void say_number(uint64_t value) {
  std::array<char, 21> text{};
  size_t at = text.size() - 1;
  do {
    text[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  say(&text[at]);
}

void say_hex(uint64_t value) {
  std::array<char, 19> text{'0', 'x'};
  for (unsigned digit = 0; digit < 16; ++digit) text[2 + digit] = "0123456789abcdef"[value >> (60 - 4 * digit) & 15];
  say(text.data());
}

}  // namespace cupel::on_linux
