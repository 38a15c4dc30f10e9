#include "platforms/linux/traps.hh"

#include <signal.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "libos/base/check.hh"
#include "platforms/linux/host_call.hh"

extern "C" {
void cupel_gate();
void cupel_go_on();
void cupel_after_trap();
extern const char cupel_go_on_end;
}

namespace cupel::on_linux {

using platform::Access;
using platform::GuestRegisters;

namespace {

LinuxPlatform* here = nullptr;
uint64_t host_fs_base = 0;  // of the thread that made the machine

uint64_t& reg(ucontext_t& context, int which) { return reinterpret_cast<uint64_t&>(context.uc_mcontext.gregs[which]); }  // SAFETY: the same word, unsigned

constexpr struct {
  uint64_t GuestRegisters::*ours;
  int theirs;
} register_pairs[]{
    {&GuestRegisters::r15, REG_R15}, {&GuestRegisters::r14, REG_R14}, {&GuestRegisters::r13, REG_R13}, {&GuestRegisters::r12, REG_R12},
    {&GuestRegisters::rbp, REG_RBP}, {&GuestRegisters::rbx, REG_RBX}, {&GuestRegisters::r11, REG_R11}, {&GuestRegisters::r10, REG_R10},
    {&GuestRegisters::r9, REG_R9},   {&GuestRegisters::r8, REG_R8},   {&GuestRegisters::rax, REG_RAX}, {&GuestRegisters::rcx, REG_RCX},
    {&GuestRegisters::rdx, REG_RDX}, {&GuestRegisters::rsi, REG_RSI}, {&GuestRegisters::rdi, REG_RDI}, {&GuestRegisters::rip, REG_RIP},
    {&GuestRegisters::flags, REG_EFL}, {&GuestRegisters::rsp, REG_RSP},
};

// The guest's registers, from where the signal found them to where the kernel above looks for them, and back.
void take_registers(Slot& slot, ucontext_t& context) {
  for (const auto& pair : register_pairs) slot.registers.*pair.ours = reg(context, pair.theirs);
  asm volatile("rdfsbase %0" : "=r"(slot.registers.fs_base));
  slot.answered = Slot::none_answered;
}
void give_registers(Slot& slot, ucontext_t& context) {
  if (slot.ended || slot.moves || slot.kicked.load(std::memory_order_relaxed) != 0) {
    reg(context, REG_RIP) = address_of(&cupel_after_trap);
    reg(context, REG_RSP) = slot.stack_top;
    return;
  }
  for (const auto& pair : register_pairs) reg(context, pair.theirs) = slot.registers.*pair.ours;
  asm volatile("wrfsbase %0" ::"r"(slot.registers.fs_base));
}

bool is_guest_code(const ucontext_t& context) { return static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]) < guest_end; }

[[noreturn]] void die_of(int signal, const siginfo_t& info, ucontext_t& context) {
  say("cupel: the platform itself got signal ");
  say_hex(static_cast<uint64_t>(signal));
  say(" at ");
  say_hex(reg(context, REG_RIP));
  say(" address ");
  say_hex(address_of(info.si_addr));
  say("\n");
  here->terminate(3);
}

// The call goes on in the gate as if its site had been patched; the gate wants rcx and r11 as the instruction leaves them.
void on_system_call(int signal, siginfo_t* info, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  constexpr int user_dispatch = 2;
  if (info->si_code != user_dispatch) die_of(signal, *info, context);
  constexpr uint32_t x86_64 = 0xc000'003e;
  if (info->si_arch != x86_64) {
    reg(context, REG_RAX) = static_cast<uint64_t>(-static_cast<int64_t>(Errno::nosys));  // int 0x80: the machine has no 32-bit calls
    return;
  }
  {
    // The decoder is a library's, and looks at thread-local storage for its stack protector: ours, not the guest's.
    uint64_t guest_base;
    asm volatile("rdfsbase %0" : "=r"(guest_base));
    asm volatile("wrfsbase %0" ::"r"(host_fs_base));
    here->kernel().site_trapped(LinuxPlatform::current(), reg(context, REG_RIP), reg(context, REG_RAX));
    asm volatile("wrfsbase %0" ::"r"(guest_base));
  }
  reg(context, REG_RCX) = reg(context, REG_RIP);
  reg(context, REG_R11) = reg(context, REG_EFL);
  reg(context, REG_RIP) = address_of(&cupel_gate);
}

void on_fault(int signal, siginfo_t* info, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  if (!is_guest_code(context)) die_of(signal, *info, context);
  Slot& slot = LinuxPlatform::current();
  take_registers(slot, context);
  constexpr uint64_t page_fault = 14, is_write = 2, is_fetch = 16;
  const uint64_t code = reg(context, REG_ERR);
  if (signal == SIGSEGV && reg(context, REG_TRAPNO) == page_fault) {
    const Access wanted = (code & is_fetch) != 0 ? Access::execute : (code & is_write) != 0 ? Access::write : Access::read;
    here->kernel().fault(slot, address_of(info->si_addr), wanted, signal);
  } else {
    here->kernel().trap(slot, signal, info->si_code, address_of(info->si_addr));
  }
  give_registers(slot, context);
}

void on_kick(int, siginfo_t*, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  Slot& slot = LinuxPlatform::current();
  here->answer_shootdown();
  const uint64_t at = reg(context, REG_RIP);
  if (at >= address_of(&cupel_go_on) && at < address_of(&cupel_go_on_end)) {
    reg(context, REG_RIP) = address_of(&cupel_go_on);  // it looks at `kicked` first
    reg(context, REG_RSP) = slot.stack_top;
    return;
  }
  if (!is_guest_code(context) || slot.kicked.load() == 0) return;
  // What is to do is done behind this handler, when the guest's vector registers are loaded again.
  take_registers(slot, context);
  give_registers(slot, context);
}

void install(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action{};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaddset(&action.sa_mask, kick_signal);
  CHECK(sigaction(signal, &action, nullptr) == 0);
}

}  // namespace

LinuxPlatform& platform_here() { return *here; }
void set_platform_here(LinuxPlatform& platform) { here = &platform; }

void install_handlers() {
  asm volatile("rdfsbase %0" : "=r"(host_fs_base));
  install(SIGSYS, on_system_call);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) install(signal, on_fault);
  install(kick_signal, on_kick);
  for (const int signal : {SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGUSR1, SIGUSR2, SIGALRM}) CHECK(::signal(signal, SIG_IGN) != SIG_ERR);
}

void prepare_thread(Slot& slot) {
  stack_t stack{};
  stack.ss_sp = reinterpret_cast<void*>(signal_stack_of(slot));  // SAFETY: the Slot's own
  stack.ss_size = signal_stack_size;
  CHECK(host_call(__NR_sigaltstack, address_of(&stack), 0) == 0);
  // All code below guest_end is the guest's: its calls are raised as SIGSYS. Ours lies above. Never switched off.
  static const char always_on = 1;
  const int64_t set = host_call(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, guest_end, (uint64_t{1} << 47) - guest_end, address_of(&always_on));
  if (set != 0) {
    say("cupel: this host kernel has no Syscall User Dispatch: Linux 5.11 or newer is needed\n");
    here->terminate(4);
  }
}

}  // namespace cupel::on_linux
