#pragma once
#include "platforms/snp/arithmetic.hh"
#include "platforms/snp/core.hh"

namespace cupel::snp {

// Time from the processor's counter. Without SecureTSC its value is the hypervisor's, so it is only ever held to go forward, and
// the frequency to be one that a processor can have.
template <SnpHardware Hardware>
class Clock {
 public:
  Clock(Core<Hardware>& core, Untrusted<uint64_t> frequency_khz) : core_(core) {
    const auto good = frequency_khz.checked([](uint64_t khz) { return frequency_accepted(khz); });
    core_.require(good.has_value(), Reason::time_source);
    khz_ = *good;
  }
  uint64_t ticks() {
    const auto now = core_.hardware.timestamp(SITE("clock.timestamp", "not before the last one", "time_never_goes_back"));
    last_ = not_before(last_, now.clamped(0, UINT64_MAX));
    return last_;
  }
  uint64_t nanoseconds_now() { return nanoseconds(ticks(), khz_); }

 private:
  Core<Hardware>& core_;
  uint64_t khz_ = 0, last_ = 0;
};

}  // namespace cupel::snp
