#pragma once
#include <array>
#include <cstdint>

namespace cupel::libos {

inline constexpr uint32_t signals_max = 64;

// What a process has asked to be done on a signal (struct sigaction as the kernel of x86-64 has it). Kept, and handed back
// when asked: nothing sends signals yet, so nothing of it is carried out.
struct SignalAction {
  uint64_t handler = 0, flags = 0, restorer = 0, mask = 0;
};
inline constexpr uint64_t handler_default = 0, handler_ignore = 1;

using SignalActions = std::array<SignalAction, signals_max>;

}  // namespace cupel::libos
