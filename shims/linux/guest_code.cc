#include <array>

#include "shims/linux/shim.hh"
#include "shims/linux/signal_frame.hh"
#include "shims/linux/syscalls/exec.hh"
#include "shims/linux/syscalls/signals.hh"

namespace cupel::linux_shim {
namespace {

using enum Errno;

constexpr std::array entries{
    call_entry<rt_sigaction>(13, "rt_sigaction", errnos<inval, fault>, args("signum", "act", "oldact", "sigsetsize"), Partial{"what stops does nothing: no task is ever stopped"}),
    call_entry<rt_sigprocmask>(14, "rt_sigprocmask", errnos<inval, fault>, args("how", "set", "oldset", "sigsetsize")),
    call_entry<rt_sigreturn>(15, "rt_sigreturn", errnos<>),
    call_entry<ioctl>(16, "ioctl", errnos<notty>, args("fd", "op", "argp"), Partial{"all: nothing is a terminal"}),
    call_entry<pause>(34, "pause", errnos<intr>, Blocks{}),
    call_entry<getitimer>(36, "getitimer", errnos<fault, inval, opnotsupp>, args("which", "curr_value"), Partial{"ITIMER_VIRTUAL, ITIMER_PROF"}),
    call_entry<alarm>(37, "alarm", errnos<>, args("seconds")),
    call_entry<setitimer>(38, "setitimer", errnos<fault, inval, opnotsupp>, args("which", "new_value", "old_value"), Partial{"ITIMER_VIRTUAL, ITIMER_PROF"}),
    call_entry<execve>(59, "execve", errnos<acces, again, intr, isdir, libbad, loop, noent, noexec, nomem, notdir, perm, too_big, txtbsy>, args("path", "argv", "envp"), Blocks{},
                       Partial{"from a thread that is not its process's first: EAGAIN"}),
    call_entry<kill>(62, "kill", errnos<again, inval, perm, srch>, args("pid", "sig")),
    call_entry<rt_sigpending>(127, "rt_sigpending", errnos<fault, inval>, args("set", "sigsetsize")),
    call_entry<rt_sigtimedwait>(128, "rt_sigtimedwait", errnos<again, fault, intr, inval>, args("set", "info", "timeout", "sigsetsize"), Blocks{}),
    call_entry<rt_sigsuspend>(130, "rt_sigsuspend", errnos<fault, intr, inval>, args("mask", "sigsetsize"), Blocks{}),
    call_entry<sigaltstack>(131, "sigaltstack", errnos<fault, inval, nomem, perm>, args("ss", "old_ss"), Partial{"SS_AUTODISARM"}),
    call_entry<arch_prctl>(158, "arch_prctl", errnos<fault, inval, perm>, args("op", "addr"), Partial{"CPUID faulting, CET, AMX"}),
    call_entry<tkill>(200, "tkill", errnos<again, inval, perm, srch>, args("tid", "sig")),
    call_entry<tgkill>(234, "tgkill", errnos<again, inval, perm, srch>, args("tgid", "tid", "sig")),
};

}  // namespace

std::span<const Call> guest_code_calls() { return entries; }

}  // namespace cupel::linux_shim
