#pragma once
#include <array>
#include "libos/interface/desc.hh"
// Each call of x86-64's Linux (its numbers are 0 to 336 and 424 to 469) that table.cc does not have, and why not.
namespace cupel::linux_shim {
namespace reasons {
inline constexpr std::string_view no_signals = "no signals yet";
inline constexpr std::string_view no_sockets = "no sockets yet";
inline constexpr std::string_view no_timers = "no timers with signals or descriptors yet";
inline constexpr std::string_view no_sysv = "no System V or POSIX message queues, semaphores and shared memory yet";
inline constexpr std::string_view no_file_flags = "files have no flags yet";
inline constexpr std::string_view no_watches = "nothing watches files yet";
inline constexpr std::string_view no_devices = "no devices yet";
inline constexpr std::string_view no_aio = "no asynchronous transfers: a thread that blocks serves";
inline constexpr std::string_view no_guest_code = "guest code does not run on the mock";
inline constexpr std::string_view guest_code_only = "served where guest code runs (guest_code.cc): fuzzed by linux_signals or elf against rules of their own, and not compared with a kernel";
inline constexpr std::string_view no_credentials = "the caller is root, and gives up nothing of it yet";
inline constexpr std::string_view no_limits = "transfers do not wait for one another, so that none comes first";
inline constexpr std::string_view no_scheduling = "the older calls serve; the wider struct is not written yet";
inline constexpr std::string_view no_accounting = "the mock uses no time of which a task could read";
inline constexpr std::string_view no_numa = "memory has one node";
inline constexpr std::string_view no_pidfds = "tasks have no descriptors yet";
inline constexpr std::string_view no_wide_structs = "clone and wait4 serve; the wider structs are not written yet";
inline constexpr std::string_view no_futex2 = "futex, futex_wake and futex_wait serve; lists of words and robust ones are not written yet";
inline constexpr std::string_view no_mounts = "one file system is mounted, and stays so";
inline constexpr std::string_view no_namespaces = "no namespaces";
inline constexpr std::string_view administers = "administers the machine, which is not the guest's";
inline constexpr std::string_view no_tracing = "no task may trace or filter another";
inline constexpr std::string_view gone = "Linux itself has it no more";
inline constexpr std::string_view never_mind = "the reference cannot be compared: it speaks of, or changes, the whole host";
inline constexpr std::string_view not_yet = "not written yet";
}  // namespace reasons
inline constexpr auto unsupported_calls = [] {
  using interface::Missing;
  using namespace reasons;
  return std::to_array<Missing>({
      {13, "rt_sigaction", guest_code_only}, {14, "rt_sigprocmask", guest_code_only}, {15, "rt_sigreturn", guest_code_only}, {16, "ioctl", guest_code_only},
      {25, "mremap", not_yet}, {29, "shmget", no_sysv}, {30, "shmat", no_sysv}, {31, "shmctl", no_sysv},
      {34, "pause", guest_code_only}, {36, "getitimer", guest_code_only}, {37, "alarm", guest_code_only}, {38, "setitimer", guest_code_only},
      {41, "socket", no_sockets}, {42, "connect", no_sockets}, {43, "accept", no_sockets}, {44, "sendto", no_sockets}, {45, "recvfrom", no_sockets},
      {46, "sendmsg", no_sockets}, {47, "recvmsg", no_sockets}, {48, "shutdown", no_sockets}, {49, "bind", no_sockets}, {50, "listen", no_sockets},
      {51, "getsockname", no_sockets}, {52, "getpeername", no_sockets}, {53, "socketpair", no_sockets}, {54, "setsockopt", no_sockets},
      {55, "getsockopt", no_sockets}, {59, "execve", guest_code_only}, {62, "kill", guest_code_only}, {64, "semget", no_sysv}, {65, "semop", no_sysv},
      {66, "semctl", no_sysv}, {67, "shmdt", no_sysv}, {68, "msgget", no_sysv}, {69, "msgsnd", no_sysv}, {70, "msgrcv", no_sysv},
      {71, "msgctl", no_sysv},
      {101, "ptrace", no_tracing}, {103, "syslog", administers},
      {126, "capset", no_credentials}, {127, "rt_sigpending", guest_code_only},
      {128, "rt_sigtimedwait", guest_code_only}, {129, "rt_sigqueueinfo", no_signals}, {130, "rt_sigsuspend", guest_code_only},
      {131, "sigaltstack", guest_code_only}, {134, "uselib", no_guest_code},
      {136, "ustat", no_mounts}, {139, "sysfs", no_mounts},
      {153, "vhangup", no_devices},
      {154, "modify_ldt", no_guest_code}, {155, "pivot_root", no_mounts}, {156, "_sysctl", gone}, {157, "prctl", not_yet},
      {158, "arch_prctl", guest_code_only}, {159, "adjtimex", administers}, {161, "chroot", no_mounts},
      {162, "sync", never_mind}, {163, "acct", no_accounting}, {164, "settimeofday", administers}, {165, "mount", no_mounts},
      {166, "umount2", no_mounts}, {167, "swapon", no_mounts}, {168, "swapoff", no_mounts}, {169, "reboot", administers},
      {170, "sethostname", administers}, {171, "setdomainname", administers}, {172, "iopl", no_devices}, {173, "ioperm", no_devices},
      {174, "create_module", gone}, {175, "init_module", administers}, {176, "delete_module", administers}, {177, "get_kernel_syms", gone},
      {178, "query_module", gone}, {179, "quotactl", no_mounts}, {180, "nfsservctl", gone}, {181, "getpmsg", gone}, {182, "putpmsg", gone},
      {183, "afs_syscall", gone}, {184, "tuxcall", gone}, {185, "security", gone},
      {200, "tkill", guest_code_only}, {205, "set_thread_area", no_guest_code}, {206, "io_setup", no_aio}, {207, "io_destroy", no_aio},
      {208, "io_getevents", no_aio}, {209, "io_submit", no_aio}, {210, "io_cancel", no_aio}, {211, "get_thread_area", no_guest_code},
      {212, "lookup_dcookie", administers}, {214, "epoll_ctl_old", gone}, {215, "epoll_wait_old", gone},
      {216, "remap_file_pages", not_yet}, {219, "restart_syscall", no_signals}, {220, "semtimedop", no_sysv}, {221, "fadvise64", not_yet},
      {222, "timer_create", no_timers}, {223, "timer_settime", no_timers}, {224, "timer_gettime", no_timers}, {225, "timer_getoverrun", no_timers},
      {226, "timer_delete", no_timers}, {227, "clock_settime", administers},
      {234, "tgkill", guest_code_only}, {236, "vserver", gone}, {237, "mbind", no_numa}, {238, "set_mempolicy", no_numa},
      {239, "get_mempolicy", no_numa}, {240, "mq_open", no_sysv}, {241, "mq_unlink", no_sysv}, {242, "mq_timedsend", no_sysv},
      {243, "mq_timedreceive", no_sysv}, {244, "mq_notify", no_sysv}, {245, "mq_getsetattr", no_sysv}, {246, "kexec_load", administers},
      {247, "waitid", not_yet}, {248, "add_key", administers}, {249, "request_key", administers}, {250, "keyctl", administers},
      {251, "ioprio_set", no_limits}, {252, "ioprio_get", no_limits}, {253, "inotify_init", no_watches}, {254, "inotify_add_watch", no_watches},
      {255, "inotify_rm_watch", no_watches}, {256, "migrate_pages", no_numa},
      {272, "unshare", no_namespaces}, {273, "set_robust_list", no_futex2}, {274, "get_robust_list", no_futex2}, {275, "splice", not_yet},
      {276, "tee", not_yet}, {278, "vmsplice", not_yet}, {279, "move_pages", no_numa}, {282, "signalfd", no_signals},
      {288, "accept4", no_sockets},
      {289, "signalfd4", no_signals}, {294, "inotify_init1", no_watches}, {297, "rt_tgsigqueueinfo", no_signals},
      {298, "perf_event_open", administers}, {299, "recvmmsg", no_sockets}, {300, "fanotify_init", no_watches}, {301, "fanotify_mark", no_watches},
      {303, "name_to_handle_at", no_mounts}, {304, "open_by_handle_at", no_mounts},
      {305, "clock_adjtime", administers}, {307, "sendmmsg", no_sockets}, {308, "setns", no_namespaces},
      {312, "kcmp", no_tracing}, {313, "finit_module", administers},
      {314, "sched_setattr", no_scheduling}, {315, "sched_getattr", no_scheduling}, {317, "seccomp", no_tracing}, {319, "memfd_create", not_yet},
      {320, "kexec_file_load", administers}, {321, "bpf", administers}, {322, "execveat", no_guest_code}, {323, "userfaultfd", administers},
      {329, "pkey_mprotect", not_yet},
      {330, "pkey_alloc", not_yet}, {331, "pkey_free", not_yet}, {333, "io_pgetevents", no_aio}, {334, "rseq", no_guest_code},
      {335, "uretprobe", no_guest_code}, {336, "uprobe", no_guest_code}, {424, "pidfd_send_signal", no_signals}, {425, "io_uring_setup", no_aio},
      {426, "io_uring_enter", no_aio}, {427, "io_uring_register", no_aio}, {428, "open_tree", no_mounts}, {429, "move_mount", no_mounts},
      {430, "fsopen", no_mounts}, {431, "fsconfig", no_mounts}, {432, "fsmount", no_mounts}, {433, "fspick", no_mounts},
      {434, "pidfd_open", no_pidfds}, {435, "clone3", no_wide_structs}, {438, "pidfd_getfd", no_pidfds},
      {440, "process_madvise", no_pidfds}, {442, "mount_setattr", no_mounts}, {443, "quotactl_fd", no_mounts},
      {444, "landlock_create_ruleset", no_tracing}, {445, "landlock_add_rule", no_tracing}, {446, "landlock_restrict_self", no_tracing},
      {447, "memfd_secret", administers}, {448, "process_mrelease", no_pidfds}, {449, "futex_waitv", no_futex2},
      {450, "set_mempolicy_home_node", no_numa}, {451, "cachestat", never_mind}, {453, "map_shadow_stack", no_guest_code},
      {456, "futex_requeue", no_futex2}, {457, "statmount", no_mounts},
      {458, "listmount", no_mounts}, {459, "lsm_get_self_attr", no_tracing}, {460, "lsm_set_self_attr", no_tracing},
      {461, "lsm_list_modules", no_tracing}, {462, "mseal", not_yet}, {467, "open_tree_attr", no_mounts}, {468, "file_getattr", no_file_flags},
      {469, "file_setattr", no_file_flags},
  });
}();
}  // namespace cupel::linux_shim
