#include "shims/linux/signal_frame.hh"

#include <algorithm>
#include <cstring>
#include <utility>

#include "libos/machine/machine.hh"
#include "libos/task/process.hh"
#include "libos/task/signals.hh"
#include "shims/linux/guest_value.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;
using platform::GuestRegisters;

// struct ucontext with its sigcontext, as the kernel of x86-64 lays them out.
struct RawContext {
  static constexpr uint64_t usual_flags = 2 | 4;  // UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS
  static constexpr uint64_t has_xstate = 1;       // UC_FP_XSTATE
  static constexpr uint64_t user_segments = 0x33 | uint64_t{0x2b} << 48;

  uint64_t flags = usual_flags, link = 0;
  RawSignalStack stack{};
  uint64_t r8 = 0, r9 = 0, r10 = 0, r11 = 0, r12 = 0, r13 = 0, r14 = 0, r15 = 0, rdi = 0, rsi = 0, rbp = 0, rbx = 0, rdx = 0, rax = 0, rcx = 0, rsp = 0, rip = 0, eflags = 0;
  uint64_t segments = user_segments, error = 0, trap = 0, old_mask = 0, fault_address = 0, vectors = 0;
  std::array<uint64_t, 8> reserved{};
  SignalSet mask = 0;
};
static_assert(sizeof(RawContext) == 304);

struct RawFrame {
  uint64_t restorer = 0;
  RawContext context;
  RawSignalInfo info;
};

constexpr uint64_t GuestRegisters::*register_of[]{&GuestRegisters::r8,  &GuestRegisters::r9,  &GuestRegisters::r10, &GuestRegisters::r11, &GuestRegisters::r12, &GuestRegisters::r13,
                                                  &GuestRegisters::r14, &GuestRegisters::r15, &GuestRegisters::rdi, &GuestRegisters::rsi, &GuestRegisters::rbp, &GuestRegisters::rbx,
                                                  &GuestRegisters::rdx, &GuestRegisters::rax, &GuestRegisters::rcx, &GuestRegisters::rsp, &GuestRegisters::rip};
constexpr uint64_t RawContext::*saved_in[]{&RawContext::r8,  &RawContext::r9,  &RawContext::r10, &RawContext::r11, &RawContext::r12, &RawContext::r13,
                                           &RawContext::r14, &RawContext::r15, &RawContext::rdi, &RawContext::rsi, &RawContext::rbp, &RawContext::rbx,
                                           &RawContext::rdx, &RawContext::rax, &RawContext::rcx, &RawContext::rsp, &RawContext::rip};
static_assert(std::size(register_of) == std::size(saved_in));

// What a frame may say of the flags: FIX_EFLAGS without those that would trap inside the gate (single step, alignment).
constexpr uint64_t free_flags = 0xcd5, fixed_flags = 0x202;

// _fpx_sw_bytes: where a reader of the frame looks for how long the image is. And the word behind the image.
struct VectorsNote {
  static constexpr size_t offset = 464;
  static constexpr uint32_t first_magic = 0x4650'5853, last_magic = 0x4650'5845;
  uint32_t magic = first_magic, extended_size = 0;
  uint64_t features = 0;
  uint32_t size = 0, padding = 0;
};

// The image of the vector registers on the guest's stack, below `stack_pointer`; where it lies. 0: there is none to save.
Result<uint64_t> push_vectors(Task& task, uint64_t& stack_pointer) {
  constexpr uint64_t alignment = 64, legacy_size = 512;
  alignas(alignment) std::array<std::byte, platform::Platform::vectors_size_max> image;
  const size_t size = task.platform().save_vectors(image);
  if (size == 0) return 0;
  VectorsNote note{.extended_size = static_cast<uint32_t>(size + sizeof(uint32_t)), .size = static_cast<uint32_t>(size)};
  std::memcpy(&note.features, image.data() + legacy_size, sizeof(note.features));
  std::memcpy(image.data() + VectorsNote::offset, &note, sizeof(note));
  stack_pointer = (stack_pointer - size - sizeof(uint32_t)) / alignment * alignment;
  TRY(task.memory().write(stack_pointer, std::span(image).first(size)));
  TRY(write_value(task, stack_pointer + size, VectorsNote::last_magic));
  return stack_pointer;
}

// setup_rt_frame() of Linux's arch/x86/kernel/signal_64.c.
Result<> push_frame(Task& task, const SignalAction& action, const SignalInfo& info, SignalSet mask_before) {
  GuestRegisters& registers = task.platform().registers(task.tid());
  constexpr uint64_t red_zone = 128;
  const bool was_on_stack = task.signal_stack.holds(registers.rsp);
  const bool changes_stack = (action.flags & signal_flags::on_stack) != 0 && task.signal_stack.size != 0 && !was_on_stack;
  uint64_t at = changes_stack ? task.signal_stack.base + task.signal_stack.size : registers.rsp - red_zone;
  RawFrame frame;
  frame.restorer = action.restorer;
  frame.info = raw_info(info);
  frame.context.stack = raw_stack(task.signal_stack, was_on_stack);
  frame.context.vectors = TRY(push_vectors(task, at));
  if (frame.context.vectors != 0) frame.context.flags |= RawContext::has_xstate;
  for (size_t index = 0; index < std::size(register_of); ++index) frame.context.*saved_in[index] = registers.*register_of[index];
  frame.context.eflags = registers.flags;
  frame.context.old_mask = frame.context.mask = mask_before;
  if (info.number == signals::segv) frame.context.fault_address = info.first, frame.context.trap = 14;
  at = (at - sizeof(frame)) / 16 * 16 - 8;  // as behind a call: 8 below a multiple of 16
  TRY(write_value(task, at, frame));
  registers.rdi = static_cast<uint64_t>(info.number);
  registers.rsi = at + offsetof(RawFrame, info);
  registers.rdx = at + offsetof(RawFrame, context);
  registers.rax = 0;
  registers.rsp = at;
  registers.rip = action.handler;
  constexpr uint64_t direction = 0x400, trap = 0x100, resume = 0x1'0000;
  registers.flags &= ~(direction | trap | resume);
  return {};
}

// Calls that Linux makes again after a handler which was installed with SA_RESTART; the others that a signal ends stay ended, as
// does a wait on a futex that has an end: signal(7).
bool is_restarted(uint64_t number, const GuestRegisters& arguments) {
  constexpr uint64_t futex = 202;
  if (number == futex && arguments.r10 != 0) return false;
  constexpr uint64_t never[]{7, 23, 34, 35, 128, 130, 230, 232, 270, 271, 281, 441};  // poll, select, pause, nanosleep, sigtimedwait, sigsuspend, epoll_wait and their kin
  return !std::ranges::binary_search(never, number);
}

void restart(GuestRegisters& registers, uint64_t call) {
  constexpr uint64_t syscall_size = 2;
  registers.rax = call;
  registers.rip -= syscall_size;
}

// False: the task has ended.
bool deliver(Task& task, const SignalInfo& info, uint64_t& interrupted) {
  SignalAction& kept = task.process().actions()[static_cast<size_t>(info.number) - 1];
  const SignalAction action = kept;
  if (action.handler == handler_ignore) return true;
  if (action.handler == handler_default) {
    if (default_action(info.number) != DefaultAction::end) return true;
    end_process(task, info.number);
    return false;
  }
  GuestRegisters& registers = task.platform().registers(task.tid());
  if (interrupted != no_call && (action.flags & signal_flags::restart) != 0 && is_restarted(interrupted, registers)) restart(registers, interrupted);
  interrupted = no_call;
  if ((action.flags & signal_flags::reset) != 0) kept.handler = handler_default;
  const SignalSet before = task.mask_after_delivery.value_or(task.signal_mask);
  task.mask_after_delivery.reset();
  if (!push_frame(task, action, info, before)) {
    end_process(task, signals::segv);
    return false;
  }
  task.signal_mask |= action.mask;
  if ((action.flags & signal_flags::no_defer) == 0) task.signal_mask |= signal_bit(info.number);
  task.signal_mask &= ~signals::unblockable;
  return true;
}

bool raises_sigpipe(uint64_t number) {
  constexpr uint64_t writers[]{1, 18, 20, 40, 275, 276, 278, 296, 328};  // write, pwrite, writev, sendfile, splice, tee, vmsplice, pwritev
  return std::ranges::binary_search(writers, number);
}

}  // namespace

void deliver_signals(Task& task, uint64_t interrupted) {
  GuestRegisters& registers = task.platform().registers(task.tid());
  if (interrupted != no_call && registers.rax != static_cast<uint64_t>(-static_cast<int64_t>(Errno::intr))) interrupted = no_call;
  while (task.state() == Task::State::running && !task.killed()) {
    const auto info = take_signal(task, ~task.signal_mask);
    if (!info) break;
    if (!deliver(task, *info, interrupted)) return;
  }
  // Woken for a signal that another thread took meanwhile, or that does nothing.
  if (interrupted != no_call && !task.mask_after_delivery && is_restarted(interrupted, registers)) restart(registers, interrupted);
  if (task.mask_after_delivery) task.signal_mask = *std::exchange(task.mask_after_delivery, {});
}

void after_call(Task& task, uint64_t number, int64_t result) {
  if (result == -static_cast<int64_t>(Errno::pipe) && raises_sigpipe(number)) {
    send_signal(task, {.number = signals::pipe, .code = SignalInfo::from_user, .first = SignalInfo::sender(task.pid(), task.credentials.uid)});
  }
}

// The frame is the guest's to forge: nothing in it is more than the guest could do by itself.
Result<uint64_t> rt_sigreturn(Task& task) {
  GuestRegisters& registers = task.platform().registers(task.tid());
  const auto broken = [&]() -> Result<uint64_t> {
    end_process(task, signals::segv);
    return 0;
  };
  const auto context = read_value<RawContext>(task, registers.rsp);  // the restorer has taken its address off
  if (!context || context->rip >= user_limit) return broken();
  alignas(64) std::array<std::byte, platform::Platform::vectors_size_max> image{};
  if (context->vectors != 0) {
    VectorsNote note;
    constexpr size_t legacy_size = 512;
    if (!task.memory().read(context->vectors, std::span(image).first(legacy_size))) return broken();
    std::memcpy(&note, image.data() + VectorsNote::offset, sizeof(note));
    const bool is_whole = note.magic == VectorsNote::first_magic && note.size > legacy_size && note.size <= image.size();
    if (is_whole && !task.memory().read(context->vectors, std::span(image).first(note.size))) return broken();
  }
  for (size_t index = 0; index < std::size(register_of); ++index) registers.*register_of[index] = (*context).*saved_in[index];
  registers.flags = (context->eflags & free_flags) | fixed_flags;
  task.signal_mask = context->mask & ~signals::unblockable;
  task.platform().restore_vectors(image);
  if (signal_waits(task)) task.platform().interrupt(task.tid());
  return registers.rax;
}

}  // namespace cupel::linux_shim
