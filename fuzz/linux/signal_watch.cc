#include "fuzz/linux/signal_watch.hh"

#include <fmt/format.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "libos/mm/address_space.hh"
#include "shims/linux/signal_frame.hh"

namespace cupel::fuzz {
namespace {

using interface::Outcome;
using props::FrameView, props::SignalMask, props::SignalMismatch, props::SignalRules, props::SignalThread;
using platform::GuestRegisters;
using Verdict = std::optional<SignalMismatch>;

// In the order of struct sigcontext.
constexpr uint64_t GuestRegisters::*context_order[]{&GuestRegisters::r8,  &GuestRegisters::r9,  &GuestRegisters::r10, &GuestRegisters::r11, &GuestRegisters::r12, &GuestRegisters::r13,
                                                    &GuestRegisters::r14, &GuestRegisters::r15, &GuestRegisters::rdi, &GuestRegisters::rsi, &GuestRegisters::rbp, &GuestRegisters::rbx,
                                                    &GuestRegisters::rdx, &GuestRegisters::rax, &GuestRegisters::rcx, &GuestRegisters::rsp, &GuestRegisters::rip};
static_assert(std::size(context_order) == FrameView::registers);

// What a pointer argument names: where it is null, none; where it cannot be read or written whole, a fault.
template <class T>
struct Pointed {
  bool given = false, readable = false;
  T value{};
};
template <class T>
Pointed<T> pointed(const StepReport& report, size_t arg) {
  Pointed<T> at;
  const uint64_t address = report.invocation.registers[arg];
  at.given = address != 0;
  at.readable = at.given && report.invocation.memory->copy_in(address, std::as_writable_bytes(std::span(&at.value, 1))) == sizeof(T);
  return at;
}

// What a call has left there; none where it lies outside of the call's slots.
template <class T>
std::optional<T> left_at(const StepReport& report, size_t arg) {
  const uint64_t address = report.invocation.registers[arg];
  for (const interface::Slot& slot : report.outcome.slots) {
    if (address < slot.address || address - slot.address + sizeof(T) > slot.after.size()) continue;
    T value;
    std::memcpy(&value, slot.after.data() + (address - slot.address), sizeof(T));
    return value;
  }
  return {};
}

bool succeeded(const StepReport& report) { return report.outcome.kind == Outcome::Kind::returned && report.outcome.value >= 0; }
bool failed_with(const StepReport& report, Errno error) { return report.outcome.kind == Outcome::Kind::returned && report.outcome.value == -static_cast<int64_t>(error); }

std::string said(const StepReport& report) {
  return report.outcome.value < 0 ? std::string(errno_name(static_cast<Errno>(-report.outcome.value))) : fmt::format("{}", report.outcome.value);
}
Verdict must_fail(const StepReport& report, Errno error) {
  if (failed_with(report, error)) return {};
  return SignalMismatch{std::string(errno_name(error)), said(report)};
}
// No other error is left: EFAULT, where something cannot be written, comes after all has been done.
Verdict must_succeed(const StepReport& report) {
  if (succeeded(report) || failed_with(report, Errno::fault)) return {};
  return SignalMismatch{"success", said(report)};
}
template <class T>
Verdict must_leave(const StepReport& report, size_t arg, const T& expected, std::string_view what) {
  if (!succeeded(report) || report.invocation.registers[arg] == 0) return {};
  const auto left = left_at<T>(report, arg);
  if (!left || std::memcmp(&*left, &expected, sizeof(T)) == 0) return {};
  return SignalMismatch{fmt::format("{} as they were", what), "others"};
}

constexpr uint64_t set_size = 8;
bool is_number(uint64_t signal) { return signal >= 1 && signal <= props::signal_count; }
uint64_t as_int(uint64_t value) { return static_cast<uint64_t>(static_cast<int32_t>(value)); }

// signal(7): what a handler's SA_RESTART does nothing about. A wait on a futex is among them where it has an end.
bool is_made_again(uint64_t number, const GuestRegisters& arguments) {
  switch (number) {
    case SYS_poll: case SYS_ppoll: case SYS_select: case SYS_pselect6: case SYS_pause: case SYS_nanosleep: case SYS_clock_nanosleep:
    case SYS_rt_sigtimedwait: case SYS_rt_sigsuspend: case SYS_epoll_wait: case SYS_epoll_pwait: case SYS_epoll_pwait2: return false;
    case SYS_futex: return arguments.r10 == 0;
    default: return true;
  }
}

}  // namespace

const std::array<SignalWatch::RuleOf, 13> SignalWatch::rules{{
    {"rt_sigaction", &SignalWatch::action},
    {"rt_sigprocmask", &SignalWatch::mask},
    {"rt_sigpending", &SignalWatch::pending},
    {"rt_sigsuspend", &SignalWatch::suspend},
    {"rt_sigtimedwait", &SignalWatch::wait},
    {"pause", &SignalWatch::sleep_till_signal},
    {"sigaltstack", &SignalWatch::stack},
    {"kill", &SignalWatch::to_process},
    {"tkill", &SignalWatch::to_thread},
    {"tgkill", &SignalWatch::to_thread_of},
    {"rt_sigreturn", &SignalWatch::go_back},
    {"clone", &SignalWatch::make_task},
    {"fork", &SignalWatch::make_task},
}};

void SignalWatch::begin() {
  rules_.reset(1);
  going_back_.clear();
  blind_ = false;
  last_step_ = 0;
}

void SignalWatch::judge(size_t step, Verdict mismatch) {
  if (!mismatch) return;
  blind_ = true;
  report_(step, *mismatch);
}

// Where an argument cannot be read by a look that changes nothing, it may still be there: fork(2) takes pages away until they are touched.
Verdict SignalWatch::unseen(const StepReport& report) {
  blind_ = blind_ || !failed_with(report, Errno::fault);
  return {};
}

std::vector<std::byte> SignalWatch::frame_at(int32_t tid, uint64_t address) const {
  std::vector<std::byte> bytes(FrameView::size);
  const libos::Task* task = executor_.world().machine().find_task(tid);
  const bool has_memory = task != nullptr && task->state() == libos::Task::State::running;
  bytes.resize(has_memory ? task->space().copy_in(address, bytes) : 0);
  return bytes;
}

std::vector<SignalThread*> SignalWatch::threads_of(int32_t pid) {
  std::vector<SignalThread*> found;
  for (const libos::Task& task : executor_.world().machine().tasks()) {
    if (task.pid() != pid || task.state() != libos::Task::State::running) continue;
    if (SignalThread* thread = rules_.find(task.tid())) found.push_back(thread);
  }
  return found;
}

void SignalWatch::before_step(size_t index, const interface::Invocation& invocation) {
  last_step_ = index;
  if (invocation.desc->number != SYS_rt_sigreturn) return;
  const uint64_t at = executor_.world().platform().registers(invocation.tid).rsp;
  // The restorer's address is off the stack by now.
  std::vector<std::byte> frame(sizeof(uint64_t));
  std::ranges::copy(frame_at(invocation.tid, at), std::back_inserter(frame));
  going_back_[invocation.tid] = {at - sizeof(uint64_t), std::move(frame)};
}

void SignalWatch::on_step(const StepReport& report) {
  last_step_ = report.index;
  SignalThread* thread = rules_.find(report.invocation.tid);
  blind_ = blind_ || thread == nullptr || report.mishaps.copy || !report.watch.rereads().empty();
  if (blind_ || report.mishaps.refusal) return;
  if (failed_with(report, Errno::pipe) && report.invocation.desc->name == "write") rules_.send(*thread, 13);  // SIGPIPE: write(2)
  for (const auto& [call, rule] : rules) {
    if (call == report.invocation.desc->name) return judge(report.index, (this->*rule)(report, *thread));
  }
}

Verdict SignalWatch::action(const StepReport& report, SignalThread& thread) {
  const auto& registers = report.invocation.registers;
  if (registers[3] != set_size) return must_fail(report, Errno::inval);
  const auto given = pointed<props::Disposition>(report, 1);
  if (given.given && !given.readable) return unseen(report);
  const uint64_t number = as_int(registers[0]);
  if (!is_number(number)) return must_fail(report, Errno::inval);
  const SignalMask bit = props::bit_of(static_cast<int>(number));
  if (given.given && (bit & SignalRules::unblockable) != 0) return must_fail(report, Errno::inval);
  const props::Disposition before = (*rules_.process_of(thread).dispositions)[number - 1];
  if (given.given) {
    props::Disposition wanted = given.value;
    wanted.mask &= ~SignalRules::unblockable;
    rules_.set_disposition(threads_of(thread.pid), thread, static_cast<int>(number), wanted);
  }
  if (auto wrong = must_succeed(report)) return wrong;
  return must_leave(report, 2, before, "handler, flags, restorer and mask");
}

Verdict SignalWatch::mask(const StepReport& report, SignalThread& thread) {
  const auto& registers = report.invocation.registers;
  if (registers[3] != set_size) return must_fail(report, Errno::inval);
  const SignalMask before = thread.mask;
  if (const auto given = pointed<SignalMask>(report, 1); given.given) {
    if (!given.readable) return unseen(report);
    const SignalMask set = given.value & ~SignalRules::unblockable;
    switch (static_cast<int32_t>(registers[0])) {
      case 0: thread.mask = before | set; break;
      case 1: thread.mask = before & ~set; break;
      case 2: thread.mask = set; break;
      default: return must_fail(report, Errno::inval);
    }
  }
  if (auto wrong = must_succeed(report)) return wrong;
  return must_leave(report, 2, before, "the mask's bits");
}

Verdict SignalWatch::pending(const StepReport& report, SignalThread& thread) {
  if (report.invocation.registers[1] > set_size) return must_fail(report, Errno::inval);
  if (auto wrong = must_succeed(report)) return wrong;
  const auto left = report.invocation.registers[1] == set_size ? left_at<SignalMask>(report, 0) : std::nullopt;
  if (!left || !succeeded(report)) return {};
  const SignalMask least = rules_.certain(thread) & thread.mask, most = rules_.possible(thread) & thread.mask;
  if ((*left & least) == least && (*left & ~most) == 0) return {};
  return SignalMismatch{fmt::format("{:#x} pending, or more of {:#x}", least, most), fmt::format("{:#x}", *left)};
}

Verdict SignalWatch::suspend(const StepReport& report, SignalThread& thread) {
  if (report.invocation.registers[1] != set_size) return must_fail(report, Errno::inval);
  const auto given = pointed<SignalMask>(report, 0);
  if (!given.readable) return unseen(report);
  if (!thread.suspended) thread.suspended = std::exchange(thread.mask, given.value & ~SignalRules::unblockable);
  return sleep_till_signal(report, thread);
}

Verdict SignalWatch::sleep_till_signal(const StepReport& report, SignalThread& thread) {
  if (report.outcome.kind != Outcome::Kind::returned || report.mishaps.wait) return {};
  if ((rules_.possible(thread) & ~thread.mask) == 0) return SignalMismatch{"asleep until a signal comes that the mask lets through", said(report)};
  return must_fail(report, Errno::intr);
}

Verdict SignalWatch::wait(const StepReport& report, SignalThread& thread) {
  if (report.invocation.registers[3] != set_size) return must_fail(report, Errno::inval);
  const auto wanted = pointed<SignalMask>(report, 0);
  if (!wanted.readable) return unseen(report);
  const SignalMask set = wanted.value & ~SignalRules::unblockable;
  thread.awaited = report.outcome.kind == Outcome::Kind::blocked ? set : 0;
  if (!succeeded(report)) {
    // What was taken and could not be told of is gone.
    if (failed_with(report, Errno::fault) || report.outcome.kind != Outcome::Kind::returned) blind_ = blind_ || report.outcome.kind == Outcome::Kind::returned;
    else if (failed_with(report, Errno::again) && (rules_.certain(thread) & set) != 0) return SignalMismatch{fmt::format("one of {:#x}, which are pending", rules_.certain(thread) & set), said(report)};
    return {};
  }
  const auto number = static_cast<int>(report.outcome.value);
  if (!is_number(static_cast<uint64_t>(number)) || (set & rules_.possible(thread) & props::bit_of(number)) == 0) {
    return SignalMismatch{fmt::format("a signal of {:#x}", set & rules_.possible(thread)), said(report)};
  }
  for (props::Pending* from : {&thread.pending, &rules_.process_of(thread).pending}) {
    if ((from->certain & props::bit_of(number)) == 0) continue;
    from->take(number);
    break;
  }
  return {};
}

Verdict SignalWatch::stack(const StepReport& report, SignalThread& thread) {
  struct Raw {
    uint64_t base;
    int32_t flags;
    uint32_t padding;
    uint64_t size;
  };
  constexpr int32_t on_it = 1, disabled = 2, auto_disarm = INT32_MIN;
  constexpr uint64_t least = 2048;  // MINSIGSTKSZ
  const bool stands_there = thread.stack.holds(executor_.world().platform().registers(report.invocation.tid).rsp);
  const Raw before{thread.stack.base, thread.stack.size == 0 ? disabled : stands_there ? on_it : 0, 0, thread.stack.size};
  if (const auto given = pointed<Raw>(report, 0); given.given) {
    if (!given.readable) return unseen(report);
    if (stands_there) return must_fail(report, Errno::perm);
    const int32_t mode = given.value.flags & ~auto_disarm;
    if (mode != 0 && mode != on_it && mode != disabled) return must_fail(report, Errno::inval);
    if (mode != disabled && given.value.size < least) return must_fail(report, Errno::nomem);
    thread.stack = mode == disabled ? props::AlternateStack{} : props::AlternateStack{given.value.base, given.value.size};
  }
  if (auto wrong = must_succeed(report)) return wrong;
  return must_leave(report, 1, before, "base, flags and size");
}

Verdict SignalWatch::to_process(const StepReport& report, SignalThread& thread) {
  const auto pid = static_cast<int32_t>(report.invocation.registers[0]);
  const uint64_t number = as_int(report.invocation.registers[1]);
  if (number != 0 && !is_number(number)) return must_fail(report, Errno::inval);
  if (!succeeded(report) || number == 0) return {};
  if (pid > 0) {
    const libos::Task* named = executor_.world().machine().find_task(pid);
    rules_.send_to_process(threads_of(named == nullptr ? pid : named->pid()), static_cast<int>(number));
    return {};
  }
  // To a group, or to all: which processes these are is another model's to say.
  for (const libos::Task& task : executor_.world().machine().tasks()) {
    if (task.is_thread()) continue;
    for (SignalThread* other : threads_of(task.pid())) rules_.process_of(*other).pending.possible |= props::bit_of(static_cast<int>(number));
  }
  static_cast<void>(thread);
  return {};
}

Verdict SignalWatch::send(const StepReport& report, int32_t pid, int32_t tid, uint64_t number) {
  if (tid <= 0 || pid < 0) return must_fail(report, Errno::inval);
  const libos::Task* other = executor_.world().machine().find_named(tid);
  if (other == nullptr || (pid != 0 && other->pid() != pid)) return must_fail(report, Errno::srch);
  if (number != 0 && !is_number(number)) return must_fail(report, Errno::inval);
  if (!succeeded(report) || number == 0) return {};
  if (SignalThread* thread = rules_.find(tid); thread != nullptr && other->state() == libos::Task::State::running) rules_.send(*thread, static_cast<int>(number));
  return {};
}
Verdict SignalWatch::to_thread(const StepReport& report, SignalThread&) {
  return send(report, 0, static_cast<int32_t>(report.invocation.registers[0]), as_int(report.invocation.registers[1]));
}
Verdict SignalWatch::to_thread_of(const StepReport& report, SignalThread&) {
  const auto pid = static_cast<int32_t>(report.invocation.registers[0]);
  if (pid <= 0) return must_fail(report, Errno::inval);
  return send(report, pid, static_cast<int32_t>(report.invocation.registers[1]), as_int(report.invocation.registers[2]));
}

Verdict SignalWatch::go_back(const StepReport& report, SignalThread& thread) {
  const GoingBack& from = going_back_[report.invocation.tid];
  // It ends where the frame makes no sense; then nothing is left to say.
  if (report.outcome.kind != Outcome::Kind::returned) return {};
  const GuestRegisters& now = executor_.world().platform().registers(report.invocation.tid);
  const FrameView view(from.frame);
  constexpr size_t context_end = 312;
  if (from.frame.size() < context_end) return SignalMismatch{"the process ends: there is no frame", "it goes on"};
  thread.mask = view.mask() & ~SignalRules::unblockable;
  for (size_t index = 0; index < FrameView::registers; ++index) {
    if (now.*context_order[index] != view.register_at(index)) return SignalMismatch{fmt::format("register {} of the context is {:#x}, as the frame says", index, view.register_at(index)), fmt::format("{:#x}", now.*context_order[index])};
  }
  std::erase_if(thread.frames, [&](const props::SignalFrame& frame) { return frame.address == from.stack_pointer; });
  return {};
}

Verdict SignalWatch::make_task(const StepReport& report, SignalThread& thread) {
  // vfork(2) keeps its caller asleep, and what the child did meanwhile came from one that nobody had been told of.
  if (!succeeded(report) || report.outcome.value == 0) {
    blind_ = blind_ || report.outcome.kind == Outcome::Kind::blocked;
    return {};
  }
  const auto tid = static_cast<int32_t>(report.outcome.value);
  const libos::Task* made = executor_.world().machine().find_task(tid);
  if (made == nullptr) return {};
  const bool is_fork = report.invocation.desc->name == "fork";
  const uint64_t flags = is_fork ? 17 : report.invocation.registers[0];
  rules_.add_thread(tid, made->pid(), thread, flags);
  // Whoever is its parent hears of its end.
  const uint64_t end_signal = flags & 0xff;
  for (SignalThread* parent : threads_of(made->parent_pid())) {
    if (is_number(end_signal)) rules_.process_of(*parent).may_come |= props::bit_of(static_cast<int>(end_signal));
  }
  return {};
}

void SignalWatch::on_return(const GuestReturn& way) {
  SignalThread* thread = rules_.find(way.tid);
  blind_ = blind_ || thread == nullptr;
  if (blind_ || way.ended) return;
  judge(last_step_, handlers_of(way, *thread));
}

// From the newest frame back to what was interrupted; then forward again, in the order of delivery.
Verdict SignalWatch::handlers_of(const GuestReturn& way, SignalThread& thread) {
  struct Start {
    int signal;
    uint64_t handler, stack_pointer;
    std::vector<std::byte> frame;
  };
  std::vector<Start> starts;
  uint64_t rip = way.after.rip, rsp = way.after.rsp, rdi = way.after.rdi;
  const auto is_interrupted = [&] { return rsp == way.before.rsp; };
  while (!is_interrupted() && starts.size() <= props::signal_count) {
    Start& start = starts.emplace_back(Start{static_cast<int>(rdi), rip, rsp, frame_at(way.tid, rsp)});
    const FrameView view(start.frame);
    if (start.frame.size() < FrameView::size) return SignalMismatch{"a frame in memory that can be read", fmt::format("none at {:#x}", rsp)};
    rip = view.rip(), rsp = view.rsp(), rdi = view.rdi();
  }
  if (!is_interrupted()) return SignalMismatch{"frames that lead back to what was interrupted", fmt::format("a stack at {:#x}", rsp)};
  if (!starts.empty()) {
    const FrameView oldest(starts.back().frame);
    const int first = starts.back().signal;
    if (!is_number(static_cast<uint64_t>(first))) return SignalMismatch{"a handler is told its signal", fmt::format("{}", first)};
    constexpr uint64_t restart = 0x1000'0000;
    const bool was_interrupted = way.interrupted != linux_shim::no_call && way.before.rax == static_cast<uint64_t>(-static_cast<int64_t>(Errno::intr));
    const bool asks = ((*rules_.process_of(thread).dispositions)[static_cast<size_t>(first) - 1].flags & restart) != 0;
    const bool again = was_interrupted && asks && is_made_again(way.interrupted, way.before);
    const uint64_t expected_rip = again ? syscall_instruction : way.before.rip, expected_rax = again ? way.interrupted : way.before.rax;
    if (oldest.rip() != expected_rip || oldest.rax() != expected_rax) {
      return SignalMismatch{again ? "a frame that makes the call again" : "a frame that goes on behind the call", fmt::format("rip {:#x}, rax {:#x}", oldest.rip(), oldest.rax())};
    }
  }
  for (size_t left = starts.size(); left-- > 0;) {
    const Start& start = starts[left];
    if (auto wrong = rules_.start_handler(thread, start.signal, start.handler, start.stack_pointer, start.frame)) return wrong;
  }
  return rules_.after_delivery(thread);
}

// Who sleeps in a call has nothing pending that would end its sleep.
void SignalWatch::at_rest() {
  if (blind_ || executor_.stuck()) return;
  for (const Executor::Blocked& sleeper : executor_.blocked()) {
    SignalThread* thread = rules_.find(sleeper.tid);
    if (thread == nullptr) continue;
    const SignalMask through = rules_.certain(*thread) & ~thread->mask;
    for (int number = 1; number <= props::signal_count; ++number) {
      if ((through & props::bit_of(number)) == 0 || rules_.is_ignored(*thread, number)) continue;
      return judge(sleeper.step, SignalMismatch{fmt::format("signal {} ends this sleep", number), "asleep"});
    }
  }
}

}  // namespace cupel::fuzz
