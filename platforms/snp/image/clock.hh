#pragma once
#include <cstdint>

#include "libos/platform/platform.hh"

namespace cupel::image {

// Nanoseconds since boot by the processor's counter, its frequency measured against the interval timer: both the host's word on a
// plain machine. It is only ever held to go forward.
class Clock {
 public:
  void set_up();
  platform::Nanoseconds now();

 private:
  uint64_t first_ = 0, last_ = 0, khz_ = 1'000'000;
};

// Random bytes of the processor. Where it has none, a build for testing takes what it finds, and any other ends the machine.
void random_bytes(std::span<std::byte> out);

}  // namespace cupel::image
