#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

// What signal(7), sigaction(2) and their kin say of signals: who has what pending, masked and asked for, and what must be where on a
// stack when a handler starts. Told of calls and of ways back to guest code in the order in which they took effect. Shares no code with
// libos. Which tasks there are is not judged here: whoever asks says who is in which process.
namespace cupel::props {

using SignalMask = uint64_t;
constexpr SignalMask bit_of(int number) { return SignalMask{1} << (number - 1); }
inline constexpr int signal_count = 64;

struct Disposition {
  uint64_t handler = 0, flags = 0, restorer = 0;
  SignalMask mask = 0;
  friend bool operator==(const Disposition&, const Disposition&) = default;
};

// What is pending. `certain` has been sent and cannot have gone; `possible` may have been sent: by a timer, or by a child's end.
struct Pending {
  SignalMask certain = 0, possible = 0;
  std::map<int, int> queued;  // real-time signals, which are queued: how many
  void add(int number);
  void take(int number);
  void forget(SignalMask which);
};

struct AlternateStack {
  uint64_t base = 0, size = 0;
  bool holds(uint64_t stack_pointer) const { return stack_pointer > base && stack_pointer - base <= size; }
};

// A frame that a handler has not yet returned from, as it was made.
struct SignalFrame {
  uint64_t address = 0;
  std::vector<std::byte> bytes;
};

struct SignalProcess {
  std::shared_ptr<std::array<Disposition, signal_count>> dispositions = std::make_shared<std::array<Disposition, signal_count>>();
  Pending pending;
  SignalMask may_come = 0;  // what its children's ends send it
};
struct SignalThread {
  int pid = 0;
  SignalMask mask = 0, awaited = 0;
  std::optional<SignalMask> suspended;  // the mask to which sigsuspend(2) goes back
  Pending pending;
  AlternateStack stack;
  std::vector<SignalFrame> frames;
};

// The frame of a handler as the psABI and Linux's uapi headers lay it out, read from the bytes at the handler's stack pointer.
struct FrameView {
  static constexpr size_t size = 440;  // the restorer's address, struct ucontext, siginfo_t
  static constexpr size_t registers = 17;  // r8 .. rip, in the order of struct sigcontext
  explicit FrameView(std::span<const std::byte> bytes) : bytes_(bytes) {}
  uint64_t restorer() const { return word(0); }
  uint64_t register_at(size_t index) const { return word(48 + 8 * index); }
  uint64_t rdi() const { return register_at(8); }
  uint64_t rax() const { return register_at(13); }
  uint64_t rsp() const { return register_at(15); }
  uint64_t rip() const { return register_at(16); }
  SignalMask mask() const { return word(304); }
  int32_t signal() const { return static_cast<int32_t>(word(312)); }
  uint64_t word(size_t offset) const;

 private:
  std::span<const std::byte> bytes_;
};

// What is wrong with what came out.
struct SignalMismatch {
  std::string expected, got;
};

class SignalRules {
 public:
  static constexpr SignalMask unblockable = bit_of(9) | bit_of(19);
  static constexpr uint64_t handler_default = 0, handler_ignore = 1;

  // One process of one thread.
  void reset(int pid);
  SignalThread* find(int tid);
  SignalProcess& process_of(const SignalThread& thread) { return processes_[thread.pid]; }
  // clone(2) has made it; `flags` as the call was given them.
  void add_thread(int tid, int pid, const SignalThread& maker, uint64_t flags);

  bool is_ignored(SignalThread& thread, int number);
  // Does that signal end a process which has not said otherwise?
  static bool ends_by_default(int number);
  void send(SignalThread& thread, int number);
  // To a process: to all threads that are `threads`; certain only where it is clear who would ignore it.
  void send_to_process(std::span<SignalThread* const> threads, int number);
  // sigaction(2): what is ignored from now on is no more pending.
  void set_disposition(std::span<SignalThread* const> threads, SignalThread& caller, int number, const Disposition& given);
  SignalMask certain(SignalThread& thread) { return thread.pending.certain | process_of(thread).pending.certain; }
  SignalMask possible(SignalThread& thread);

  // A handler was started: `stack_pointer` and `signal` as it finds them, `frame` as it lies there, `interrupted_stack` as it was before.
  std::optional<SignalMismatch> start_handler(SignalThread& thread, int signal, uint64_t handler, uint64_t stack_pointer, std::span<const std::byte> frame);
  // After all that was delivered on one way back: nothing that is let through may be left.
  std::optional<SignalMismatch> after_delivery(SignalThread& thread);

 private:
  std::map<int, SignalProcess> processes_;
  std::map<int, SignalThread> threads_;
};

}  // namespace cupel::props
