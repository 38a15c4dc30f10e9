#include "platforms/snp/image/clock.hh"

#include <cstring>

#include "platforms/snp/arithmetic.hh"
#include "platforms/snp/image/instructions.hh"
#include "platforms/snp/image/kind.hh"
#include "platforms/snp/image/machine_end.hh"

namespace cupel::image {
namespace {

constexpr uint16_t timer_2 = 0x42, timer_control = 0x43, speaker = 0x61;
constexpr uint32_t timer_hertz = 1'193'182, measure_ms = 10;

// How many ticks of the counter 10 ms take. Patience is bounded: a timer that never ends gives no frequency.
uint64_t measure_khz() {
  constexpr uint16_t count = timer_hertz * measure_ms / 1000;
  out8(speaker, static_cast<uint8_t>((in8(speaker) & ~2) | 1));
  out8(timer_control, 0xb0);  // counter 2, once
  out8(timer_2, count & 0xff), out8(timer_2, count >> 8);
  const uint64_t start = timestamp();
  unsigned tries = 0;
  while ((in8(speaker) & 0x20) == 0 && tries < 100'000'000) ++tries;
  return (timestamp() - start) / measure_ms;
}

bool processor_has_random() { return (cpuid(1).ecx & (1u << 30)) != 0; }

bool processor_random(uint64_t& out) {
  bool good = false;
  for (unsigned tries = 0; tries < 16 && !good; ++tries) asm volatile("rdrand %0" : "=r"(out), "=@ccc"(good));  // SAFETY: the processor has it
  return good;
}

uint64_t random_word() {
  uint64_t word = 0;
  if (processor_has_random() && processor_random(word)) return word;
  if (!for_testing) end_by_reason(snp::Reason::no_entropy, "the processor has no random numbers");
  word = timestamp() * 0x9e37'79b9'7f4a'7c15;
  return word ^ word >> 29;
}

}  // namespace

void Clock::set_up() {
  const uint64_t khz = measure_khz();
  if (!snp::frequency_accepted(khz)) end_by_reason(snp::Reason::time_source, "the processor's counter has no likely frequency");
  khz_ = khz;
  first_ = timestamp();
}

platform::Nanoseconds Clock::now() {
  last_ = snp::not_before(last_, timestamp() - first_);
  return static_cast<platform::Nanoseconds>(snp::nanoseconds(last_, khz_) & INT64_MAX);
}

void random_bytes(std::span<std::byte> out) {
  while (!out.empty()) {
    const uint64_t word = random_word();
    const size_t size = out.size() < sizeof(word) ? out.size() : sizeof(word);
    std::memcpy(out.data(), &word, size);
    out = out.subspan(size);
  }
}

}  // namespace cupel::image
