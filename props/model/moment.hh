#pragma once
#include <cstdint>

namespace cupel::props {

// A stretch of time on one clock, in nanoseconds; both ends may be.
struct Span {
  uint64_t from = 0;
  uint64_t to = UINT64_MAX;
};
// When a call was made and came back, by the clocks that it can have looked at.
struct Moment {
  Span realtime, monotonic;
};

}  // namespace cupel::props
