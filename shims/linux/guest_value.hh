#pragma once
#include "libos/task/signal_state.hh"
#include "libos/task/task.hh"
#include "shims/linux/abi.hh"

// What calls about guest code read and write beside their typed arguments.
namespace cupel::linux_shim {

template <GuestAbi T>
Result<T> read_value(const libos::Task& task, uint64_t address) {
  T value{};
  TRY(task.memory().read(address, std::as_writable_bytes(std::span(&value, 1))));
  return value;
}
template <GuestAbi T>
Result<> write_value(const libos::Task& task, uint64_t address, const T& value) {
  return task.memory().write(address, std::as_bytes(std::span(&value, 1)));
}

enum class SignalBit : uint64_t {};
consteval auto names_of(SignalBit) {
  constexpr auto bit = [](int32_t number) { return libos::signal_bit(number); };
  return std::array{NamedValue{"SIGHUP", bit(1)},   NamedValue{"SIGUSR1", bit(10)}, NamedValue{"SIGCHLD", bit(17)}, NamedValue{"SIGALRM", bit(14)}, NamedValue{"SIGPIPE", bit(13)}, NamedValue{"SIGSEGV", bit(11)},
                    NamedValue{"SIGKILL", bit(9)},  NamedValue{"SIGSTOP", bit(19)}, NamedValue{"SIGINT", bit(2)},   NamedValue{"SIGTERM", bit(15)}, NamedValue{"SIGRTMIN", bit(33)}, NamedValue{"SIGRTMAX", bit(64)}};
}
consteval auto usual_of(SignalBit) { return std::to_array<uint64_t>({0, libos::signal_bit(1), libos::signal_bit(10), libos::signal_bit(1) | libos::signal_bit(10), ~uint64_t{0}}); }
// sigset_t as the kernel has it.
struct RawSignalSet {
  FlagsField<SignalBit> bits;
};
// The size of the kernel's sigset_t, which every call that takes one is told.
enum class SignalSetSize : uint64_t { whole = sizeof(RawSignalSet) };
consteval auto names_of(SignalSetSize) { return std::array{NamedValue{"SIGSET_SIZE", sizeof(RawSignalSet)}}; }

enum class MaskChange : int32_t { block, unblock, replace };
consteval auto names_of(MaskChange) { return std::array{NamedValue{"SIG_BLOCK", 0}, NamedValue{"SIG_UNBLOCK", 1}, NamedValue{"SIG_SETMASK", 2}}; }

enum class ActionFlag : uint64_t {};
consteval auto names_of(ActionFlag) {
  return std::array{NamedValue{"SA_NODEFER", 0x4000'0000}, NamedValue{"SA_ONSTACK", 0x0800'0000},  NamedValue{"SA_RESTART", 0x1000'0000}, NamedValue{"SA_RESETHAND", 0x8000'0000},
                    NamedValue{"SA_SIGINFO", 4},           NamedValue{"SA_NOCLDSTOP", 1},          NamedValue{"SA_NOCLDWAIT", 2},         NamedValue{"SA_RESTORER", 0x0400'0000}};
}
consteval auto usual_of(ActionFlag) { return std::to_array<uint64_t>({0x0400'0000, 0x0400'0004, 0x1400'0000, 0x0c00'0004, 0x4400'0000, 0}); }
// struct sigaction as the kernel of x86-64 has it.
struct RawSignalAction {
  Field<uint64_t, Kind::signal> handler;
  FlagsField<ActionFlag> flags;
  uint64_t restorer;
  FlagsField<SignalBit> mask;
};
static_assert(sizeof(RawSignalAction) == sizeof(libos::SignalAction));

enum class IntervalTimer : int32_t { real, virtual_time, profiling };
consteval auto names_of(IntervalTimer) { return std::array{NamedValue{"ITIMER_REAL", 0}, NamedValue{"ITIMER_VIRTUAL", 1}, NamedValue{"ITIMER_PROF", 2}}; }
// struct itimerval.
struct RawTimer {
  int64_t interval_seconds, interval_microseconds, seconds, microseconds;
};

// siginfo_t.
struct RawSignalInfo {
  static constexpr bool is_text = true;  // a union by signal and code: bytes to who generates it
  int32_t number = 0, error = 0, code = 0, padding = 0;
  uint64_t first = 0, second = 0;
  std::array<uint64_t, 12> rest{};
};
static_assert(sizeof(RawSignalInfo) == 128);
inline RawSignalInfo raw_info(const libos::SignalInfo& info) {
  RawSignalInfo raw;
  raw.number = info.number, raw.code = info.code, raw.first = info.first, raw.second = info.second;
  return raw;
}

enum class StackFlag : uint32_t { on_stack = 1, disabled = 2, auto_disarm = 0x8000'0000 };
consteval auto names_of(StackFlag) { return std::array{NamedValue{"SS_ONSTACK", 1}, NamedValue{"SS_DISABLE", 2}, NamedValue{"SS_AUTODISARM", 0x8000'0000}}; }
// stack_t.
struct RawSignalStack {
  Field<uint64_t, Kind::address> base;
  FlagsField<StackFlag> flags;
  int32_t padding;
  Field<uint64_t, Kind::length> size;
};
inline RawSignalStack raw_stack(const libos::SignalStack& stack, bool is_on_it) {
  const uint32_t flags = stack.size == 0 ? libos::SignalStack::disabled : is_on_it ? libos::SignalStack::on_stack : 0;
  return {.base = {stack.base}, .flags = {flags}, .padding = 0, .size = {stack.size}};
}

}  // namespace cupel::linux_shim
