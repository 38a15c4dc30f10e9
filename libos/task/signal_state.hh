#pragma once
#include <array>
#include <cstdint>
#include <optional>

namespace cupel::libos {

inline constexpr uint32_t signals_max = 64;
using SignalSet = uint64_t;  // bit n - 1 stands for signal n
constexpr SignalSet signal_bit(int32_t number) { return SignalSet{1} << (number - 1); }

namespace signals {
inline constexpr int32_t hang_up = 1, interrupt = 2, quit = 3, kill = 9, segv = 11, pipe = 13, alarm = 14, terminate = 15, child = 17, cont = 18, stop = 19;
inline constexpr SignalSet synchronous = signal_bit(4) | signal_bit(5) | signal_bit(7) | signal_bit(8) | signal_bit(segv) | signal_bit(31);  // SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS
inline constexpr SignalSet unblockable = signal_bit(kill) | signal_bit(stop);
}  // namespace signals

// What a process has asked to be done on a signal (struct sigaction as the kernel of x86-64 has it).
struct SignalAction {
  uint64_t handler = 0, flags = 0, restorer = 0, mask = 0;
};
inline constexpr uint64_t handler_default = 0, handler_ignore = 1;
using SignalActions = std::array<SignalAction, signals_max>;

namespace signal_flags {
inline constexpr uint64_t no_child_wait = 2, restorer = 0x0400'0000, on_stack = 0x0800'0000, restart = 0x1000'0000, no_defer = 0x4000'0000, reset = 0x8000'0000;
}

// siginfo_t without its padding: what `first` and `second` mean depends on number and code.
struct SignalInfo {
  int32_t number = 0, code = 0;
  uint64_t first = 0;   // pid and uid of who sent it, or the address of a fault
  uint64_t second = 0;  // a child's status, or the value that was sent along

  static constexpr int32_t from_user = 0, from_kernel = 0x80, from_tkill = -6, child_exited = 1, child_killed = 2;
  static constexpr uint64_t sender(int32_t pid, uint32_t uid) { return static_cast<uint32_t>(pid) | uint64_t{uid} << 32; }
};

// Signals that were sent and not yet taken. What does not fit keeps its bit and loses what came with it, as Linux does out of
// memory; a signal below 32 is pending once.
class PendingSignals {
 public:
  SignalSet set() const { return set_; }
  // False: a real-time signal for which there is no room.
  bool add(const SignalInfo& info);
  SignalInfo take(int32_t number);
  void forget(SignalSet which);

 private:
  static constexpr int32_t first_real_time = 32;
  SignalSet set_ = 0;
  uint32_t count_ = 0;
  std::array<SignalInfo, 16> infos_;
};

// sigaltstack(2).
struct SignalStack {
  static constexpr int32_t on_stack = 1, disabled = 2;
  uint64_t base = 0;
  uint64_t size = 0;  // 0: none
  bool holds(uint64_t stack_pointer) const { return stack_pointer > base && stack_pointer - base <= size; }
};

}  // namespace cupel::libos
