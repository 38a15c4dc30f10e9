#include <array>

#include "shims/linux/shim.hh"
#include "shims/linux/syscalls/exec.hh"
#include "shims/linux/syscalls/signals.hh"

namespace cupel::linux_shim {
namespace {

using enum Errno;

constexpr std::array entries{
    call_entry<rt_sigaction>(13, "rt_sigaction", errnos<inval, fault>, args("signum", "act", "oldact", "sigsetsize"), Partial{"actions are kept; nothing sends signals yet"}),
    call_entry<rt_sigprocmask>(14, "rt_sigprocmask", errnos<inval, fault>, args("how", "set", "oldset", "sigsetsize"), Partial{"masks are kept; nothing sends signals yet"}),
    call_entry<ioctl>(16, "ioctl", errnos<notty>, args("fd", "op", "argp"), Partial{"all: nothing is a terminal"}),
    call_entry<execve>(59, "execve", errnos<acces, again, intr, isdir, libbad, loop, noent, noexec, nomem, notdir, perm, too_big, txtbsy>, args("path", "argv", "envp"), Blocks{},
                       Partial{"from a thread that is not its process's first: EAGAIN"}),
    call_entry<arch_prctl>(158, "arch_prctl", errnos<inval, perm>, args("op", "addr"), Partial{"CPUID faulting, CET, AMX"}),
};

}  // namespace

std::span<const Call> guest_code_calls() { return entries; }

}  // namespace cupel::linux_shim
