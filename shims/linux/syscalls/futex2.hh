#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// The size of the word and who shares it. Words have 32 bits.
enum class Futex2Flag : uint32_t { size_mask = 3, size_u32 = 2, priv = 128 };
consteval auto names_of(Futex2Flag) { return std::array{NamedValue{"FUTEX2_SIZE_U32", 2}, NamedValue{"FUTEX2_PRIVATE", 128}, NamedValue{"FUTEX2_SIZE_U16", 1}}; }
consteval auto usual_of(Futex2Flag) { return std::to_array<uint64_t>({2, 130}); }
enum class FutexClock : int32_t { realtime = 0, monotonic = 1 };
consteval auto names_of(FutexClock) { return std::array{NamedValue{"CLOCK_MONOTONIC", 1}, NamedValue{"CLOCK_REALTIME", 0}}; }
using FutexValue = Number<uint64_t, Kind::integer, 0, 3>;

Result<uint64_t> futex_wake(Task& task, FutexWord word, FutexValue mask, Int count, Flags<Futex2Flag> flags);
Result<Done> futex_wait(Task& task, FutexWord word, FutexValue expected, FutexValue mask, Flags<Futex2Flag> flags, OptionalIn<RawTimespec> timeout, Choice<FutexClock, Kind::clock> clock);

}  // namespace cupel::linux_shim
