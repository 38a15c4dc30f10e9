#include "platforms/linux/policy.hh"

#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include "platforms/linux/layout.hh"

namespace cupel::on_linux {
namespace {

using Rule = HostCall::Rule;

constexpr std::array calls{
    HostCall{SYS_read, "read", "descriptor 0, 1 or 2", Rule::standard_stream},
    HostCall{SYS_write, "write", "descriptor 0, 1 or 2", Rule::standard_stream},
    HostCall{SYS_poll, "poll", "one descriptor", Rule::one_descriptor},
    HostCall{SYS_mmap, "mmap", "the arena's file, shared, at a fixed address of the guest's", Rule::map_guest_pages},
    HostCall{SYS_munmap, "munmap", "the guest's addresses", Rule::below_guest_end},
    HostCall{SYS_futex, "futex", "WAIT, WAKE, WAIT_BITSET", Rule::futex_operation},
    HostCall{SYS_clone, "clone", "a thread of this process, or a process with its descriptors; no namespaces", Rule::new_task},
    HostCall{SYS_exit, "exit", "any"},
    HostCall{SYS_exit_group, "exit_group", "any"},
    HostCall{SYS_kill, "kill", "SIGURG", Rule::kick},
    HostCall{SYS_tgkill, "tgkill", "SIGURG", Rule::kick_thread},
    HostCall{SYS_rt_sigreturn, "rt_sigreturn", "none"},
    HostCall{SYS_rt_sigprocmask, "rt_sigprocmask", "any"},
    HostCall{SYS_sigaltstack, "sigaltstack", "any"},
    HostCall{SYS_prctl, "prctl", "PR_SET_SYSCALL_USER_DISPATCH, on", Rule::user_dispatch},
    HostCall{SYS_getpid, "getpid", "none"},
    HostCall{SYS_gettid, "gettid", "none"},
    HostCall{SYS_getrandom, "getrandom", "any"},
    HostCall{SYS_clock_gettime, "clock_gettime", "any; only where the host's vdso cannot tell"},
};

constexpr uint32_t load_word = BPF_LD | BPF_W | BPF_ABS, jump_equal = BPF_JMP | BPF_JEQ | BPF_K, jump_above = BPF_JMP | BPF_JGT | BPF_K;

// Builds the program in order: each requirement that is not met ends in a kill right behind it.
class Program {
 public:
  explicit Program(int arena_descriptor) : arena_descriptor_(static_cast<uint32_t>(arena_descriptor)) {}

  std::vector<sock_filter> build() {
    load(offsetof(seccomp_data, arch));
    require_equal(AUDIT_ARCH_X86_64);
    load(offsetof(seccomp_data, instruction_pointer) + 4);
    require_at_least(static_cast<uint32_t>(guest_end >> 32));
    for (const HostCall& call : calls) {
      load(offsetof(seccomp_data, nr));
      const size_t skip = code_.size();
      emit(jump_equal, call.number, 0, 0);  // its false branch is filled in below
      require(call.rule);
      emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
      code_[skip].jf = static_cast<uint8_t>(code_.size() - skip - 1);
    }
    kill();
    return std::move(code_);
  }

 private:
  void emit(uint32_t code, uint32_t value, uint8_t when_true = 0, uint8_t when_false = 0) { code_.push_back({static_cast<uint16_t>(code), when_true, when_false, value}); }
  void kill() { emit(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS); }
  void load(size_t offset) { emit(load_word, static_cast<uint32_t>(offset)); }
  void load_low(unsigned argument) { load(offsetof(seccomp_data, args) + 8 * argument); }
  void load_high(unsigned argument) { load(offsetof(seccomp_data, args) + 8 * argument + 4); }
  void require_equal(uint32_t value) { emit(jump_equal, value, 1, 0), kill(); }
  void require_either(uint32_t a, uint32_t b, uint32_t c) { emit(jump_equal, a, 3, 0), emit(jump_equal, b, 2, 0), emit(jump_equal, c, 1, 0), kill(); }
  void require_at_most(uint32_t value) { emit(jump_above, value, 0, 1), kill(); }
  void require_at_least(uint32_t value) { emit(BPF_JMP | BPF_JGE | BPF_K, value, 1, 0), kill(); }
  // Arguments 0 and 1 are an address and a size that end below the shared region: the sum of their upper halves is at most
  // that of guest_end, and what the lower halves can add stays far below shared_base.
  void require_guest_range() {
    static_assert((shared_base - guest_end) >> 32 > 1 && (guest_end & UINT32_MAX) == 0);
    load_high(0);
    require_at_most(static_cast<uint32_t>(guest_end >> 32));
    emit(BPF_MISC | BPF_TAX, 0);
    load_high(1);
    require_at_most(static_cast<uint32_t>(guest_end >> 32));
    emit(BPF_ALU | BPF_ADD | BPF_X, 0);
    require_at_most(static_cast<uint32_t>(guest_end >> 32));
  }

  void require(Rule rule) {
    switch (rule) {
      case Rule::any: return;
      case Rule::map_guest_pages:
        require_guest_range();
        load_low(3), require_equal(MAP_SHARED | MAP_FIXED | MAP_POPULATE);
        load_high(3), require_equal(0);
        load_low(4), require_equal(arena_descriptor_);
        return;
      case Rule::below_guest_end: require_guest_range(); return;
      case Rule::futex_operation: load_low(1), require_either(FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_BITSET); return;
      case Rule::new_task: {
        constexpr uint32_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, process = CLONE_FILES | SIGCHLD;
        load_high(0), require_equal(0);
        load_low(0), require_either(thread, process, process);
        return;
      }
      case Rule::user_dispatch:
        load_low(0), require_equal(PR_SET_SYSCALL_USER_DISPATCH);
        load_low(1), require_equal(PR_SYS_DISPATCH_ON);
        return;
      case Rule::standard_stream: load_low(0), require_at_most(2); return;
      case Rule::one_descriptor: load_low(1), require_equal(1); return;
      case Rule::kick: load_low(1), require_equal(kick_signal); return;
      case Rule::kick_thread: load_low(2), require_equal(kick_signal); return;
    }
  }

  uint32_t arena_descriptor_;
  std::vector<sock_filter> code_;
};

}  // namespace

std::span<const HostCall> host_calls() { return calls; }

std::vector<sock_filter> filter_program(int arena_descriptor) { return Program(arena_descriptor).build(); }

bool install_filter(int arena_descriptor) {
  std::vector<sock_filter> code = filter_program(arena_descriptor);
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace cupel::on_linux
