#include "props/model/signal_rules.hh"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <utility>

namespace cupel::props {
namespace {

constexpr int first_real_time = 32;
constexpr uint64_t on_stack = 0x0800'0000, no_defer = 0x4000'0000, reset_handler = 0x8000'0000;
constexpr uint64_t clone_vm = 0x100, clone_sighand = 0x800, clone_vfork = 0x4000, clone_thread = 0x1'0000;
// SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS: what an instruction has caused comes before all else.
constexpr SignalMask synchronous = bit_of(4) | bit_of(5) | bit_of(7) | bit_of(8) | bit_of(11) | bit_of(31);

int first_of(SignalMask set) {
  const SignalMask urgent = set & synchronous;
  return std::countr_zero(urgent != 0 ? urgent : set) + 1;
}

std::string names(SignalMask set) {
  std::string all;
  for (int number = 1; number <= signal_count; ++number) {
    if ((set & bit_of(number)) != 0) all += fmt::format("{}{}", all.empty() ? "" : " ", number);
  }
  return all.empty() ? "none" : all;
}

}  // namespace

void Pending::add(int number) {
  if (number >= first_real_time) ++queued[number];
  certain |= bit_of(number);
}
void Pending::take(int number) {
  if (const auto many = queued.find(number); many != queued.end() && --many->second > 0) return;
  queued.erase(number);
  certain &= ~bit_of(number);
}
void Pending::forget(SignalMask which) {
  certain &= ~which;
  possible &= ~which;
  std::erase_if(queued, [&](const auto& one) { return (bit_of(one.first) & which) != 0; });
}

uint64_t FrameView::word(size_t offset) const {
  uint64_t value = 0;
  if (offset + sizeof(value) <= bytes_.size()) std::memcpy(&value, bytes_.data() + offset, sizeof(value));
  return value;
}

void SignalRules::reset(int pid) {
  processes_.clear();
  threads_.clear();
  threads_[pid].pid = pid;
  processes_[pid] = {};
}

SignalThread* SignalRules::find(int tid) {
  const auto found = threads_.find(tid);
  return found == threads_.end() ? nullptr : &found->second;
}

void SignalRules::add_thread(int tid, int pid, const SignalThread& maker, uint64_t flags) {
  SignalThread thread;
  thread.pid = pid;
  thread.mask = maker.mask;
  // sigaltstack(2): kept by whoever has a copy of the memory it lies in.
  if ((flags & (clone_vm | clone_vfork)) != clone_vm) thread.stack = maker.stack;
  if ((flags & clone_vm) == 0) thread.frames = maker.frames;
  if ((flags & clone_thread) == 0) {
    SignalProcess child;
    const auto& dispositions = process_of(maker).dispositions;
    if ((flags & clone_sighand) != 0) child.dispositions = dispositions;
    else *child.dispositions = *dispositions;
    processes_[pid] = std::move(child);
  }
  threads_[tid] = std::move(thread);
}

bool SignalRules::ends_by_default(int number) {
  constexpr SignalMask does_nothing = bit_of(17) | bit_of(18) | bit_of(23) | bit_of(28);   // SIGCHLD, SIGCONT, SIGURG, SIGWINCH
  constexpr SignalMask stops = bit_of(19) | bit_of(20) | bit_of(21) | bit_of(22);          // which libos declares to do nothing
  return (bit_of(number) & (does_nothing | stops)) == 0;
}

bool SignalRules::is_ignored(SignalThread& thread, int number) {
  const uint64_t handler = (*process_of(thread).dispositions)[static_cast<size_t>(number) - 1].handler;
  return handler == handler_ignore || (handler == handler_default && !ends_by_default(number));
}

void SignalRules::send(SignalThread& thread, int number) {
  const bool is_kept = ((thread.mask | thread.awaited) & bit_of(number)) != 0;
  if (is_kept || !is_ignored(thread, number)) thread.pending.add(number);
}

void SignalRules::send_to_process(std::span<SignalThread* const> threads, int number) {
  if (threads.empty()) return;
  SignalProcess& process = process_of(*threads.front());
  size_t keep = 0;
  for (SignalThread* thread : threads) keep += ((thread->mask | thread->awaited) & bit_of(number)) != 0 || !is_ignored(*thread, number);
  if (keep == threads.size()) process.pending.add(number);
  else if (keep != 0) process.pending.possible |= bit_of(number);
}

void SignalRules::set_disposition(std::span<SignalThread* const> threads, SignalThread& caller, int number, const Disposition& given) {
  (*process_of(caller).dispositions)[static_cast<size_t>(number) - 1] = given;
  if (!is_ignored(caller, number)) return;
  process_of(caller).pending.forget(bit_of(number));
  for (SignalThread* thread : threads) thread->pending.forget(bit_of(number));
}

SignalMask SignalRules::possible(SignalThread& thread) {
  constexpr SignalMask by_itself = bit_of(14);  // SIGALRM
  const SignalProcess& process = process_of(thread);
  return certain(thread) | thread.pending.possible | process.pending.possible | process.may_come | by_itself;
}

std::optional<SignalMismatch> SignalRules::start_handler(SignalThread& thread, int signal, uint64_t handler, uint64_t stack_pointer, std::span<const std::byte> frame) {
  if (signal < 1 || signal > signal_count) return SignalMismatch{"a handler is told its signal", fmt::format("{}", signal)};
  SignalProcess& process = process_of(thread);
  Disposition& disposition = (*process.dispositions)[static_cast<size_t>(signal) - 1];
  if (disposition.handler <= handler_ignore || disposition.handler != handler) {
    return SignalMismatch{fmt::format("signal {} does what was asked for last: {:#x}", signal, disposition.handler), fmt::format("handler {:#x} started", handler)};
  }
  if ((possible(thread) & ~thread.mask & bit_of(signal)) == 0) {
    return SignalMismatch{fmt::format("of signals {}, one that the mask {:#x} lets through", names(possible(thread)), thread.mask), fmt::format("signal {}", signal)};
  }
  // A thread's own come before its process's.
  const SignalMask own = thread.pending.certain & ~thread.mask, shared = process.pending.certain & ~thread.mask;
  const bool is_certain = ((own | shared) & bit_of(signal)) != 0;
  const int due = own != 0 ? first_of(own) : shared != 0 ? first_of(shared) : signal;
  if (is_certain && signal != due) return SignalMismatch{fmt::format("signal {} first", due), fmt::format("signal {}", signal)};
  const FrameView view(frame);
  if (frame.size() < FrameView::size) return SignalMismatch{"a frame in memory that can be read", fmt::format("{} bytes at {:#x}", frame.size(), stack_pointer)};
  const SignalMask before = thread.suspended.value_or(thread.mask);
  if (view.mask() != before) return SignalMismatch{fmt::format("a frame that goes back to mask {:#x}", before), fmt::format("{:#x}", view.mask())};
  if (view.signal() != signal) return SignalMismatch{fmt::format("a siginfo_t of signal {}", signal), fmt::format("of {}", view.signal())};
  if (view.restorer() != disposition.restorer) return SignalMismatch{fmt::format("a return to {:#x}", disposition.restorer), fmt::format("{:#x}", view.restorer())};
  if (stack_pointer % 16 != 8) return SignalMismatch{"a stack aligned as behind a call", fmt::format("{:#x}", stack_pointer)};
  const bool moves = (disposition.flags & on_stack) != 0 && thread.stack.size != 0 && !thread.stack.holds(view.rsp());
  if (moves && !thread.stack.holds(stack_pointer + FrameView::size)) return SignalMismatch{fmt::format("a frame on the alternate stack at {:#x}", thread.stack.base), fmt::format("{:#x}", stack_pointer)};
  if (!moves && stack_pointer + FrameView::size + 128 > view.rsp()) return SignalMismatch{"a frame below the red zone of what was interrupted", fmt::format("{:#x} under {:#x}", stack_pointer, view.rsp())};

  thread.suspended.reset();
  if ((own & bit_of(signal)) != 0) thread.pending.take(signal);
  else if ((shared & bit_of(signal)) != 0) process.pending.take(signal);
  else thread.pending.possible &= ~bit_of(signal), process.pending.possible &= ~bit_of(signal);
  thread.mask = (thread.mask | disposition.mask | ((disposition.flags & no_defer) != 0 ? 0 : bit_of(signal))) & ~unblockable;
  if ((disposition.flags & reset_handler) != 0) disposition.handler = handler_default;
  thread.frames.push_back({stack_pointer, {frame.begin(), frame.end()}});
  return {};
}

std::optional<SignalMismatch> SignalRules::after_delivery(SignalThread& thread) {
  SignalProcess& process = process_of(thread);
  SignalMask through = certain(thread) & ~thread.mask;
  for (int number = 1; number <= signal_count; ++number) {
    if ((through & bit_of(number)) == 0 || !is_ignored(thread, number)) continue;
    through &= ~bit_of(number);
    thread.pending.forget(bit_of(number));
    process.pending.forget(bit_of(number));
  }
  if (thread.suspended) thread.mask = *std::exchange(thread.suspended, {});
  if (through == 0) return {};
  return SignalMismatch{"all that is pending and let through is delivered on the way back", fmt::format("signals {} left", names(through))};
}

}  // namespace cupel::props
