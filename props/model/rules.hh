#pragma once
#include <span>
#include <string_view>

#include "props/model/call.hh"

// All rules. Each states, for one call, what may come out and what that changes; a rule reads as the manual page does,
// errors in the order in which Linux finds them. RULE(call number, name), by call number.
#define CUPEL_RULES(RULE)    \
  RULE(0, read)              \
  RULE(1, write)             \
  RULE(2, open)              \
  RULE(3, close)             \
  RULE(4, stat)              \
  RULE(5, fstat)             \
  RULE(6, lstat)             \
  RULE(7, poll)              \
  RULE(8, lseek)             \
  RULE(9, mmap)              \
  RULE(10, mprotect)         \
  RULE(11, munmap)           \
  RULE(12, brk)              \
  RULE(17, pread64)          \
  RULE(18, pwrite64)         \
  RULE(19, readv)            \
  RULE(20, writev)           \
  RULE(21, access)           \
  RULE(22, pipe)             \
  RULE(23, select)           \
  RULE(24, sched_yield)      \
  RULE(26, msync)            \
  RULE(27, mincore)          \
  RULE(28, madvise)          \
  RULE(32, dup)              \
  RULE(33, dup2)             \
  RULE(35, nanosleep)        \
  RULE(39, getpid)           \
  RULE(40, sendfile)         \
  RULE(56, clone)            \
  RULE(57, fork)             \
  RULE(58, vfork)            \
  RULE(60, exit)             \
  RULE(61, wait4)            \
  RULE(63, uname)            \
  RULE(72, fcntl)            \
  RULE(73, flock)            \
  RULE(74, fsync)            \
  RULE(75, fdatasync)        \
  RULE(76, truncate)         \
  RULE(77, ftruncate)        \
  RULE(78, getdents)         \
  RULE(79, getcwd)           \
  RULE(80, chdir)            \
  RULE(81, fchdir)           \
  RULE(82, rename)           \
  RULE(83, mkdir)            \
  RULE(84, rmdir)            \
  RULE(85, creat)            \
  RULE(86, link)             \
  RULE(87, unlink)           \
  RULE(88, symlink)          \
  RULE(89, readlink)         \
  RULE(90, chmod)            \
  RULE(91, fchmod)           \
  RULE(92, chown)            \
  RULE(93, fchown)           \
  RULE(94, lchown)           \
  RULE(95, umask)            \
  RULE(96, gettimeofday)     \
  RULE(97, getrlimit)        \
  RULE(98, getrusage)        \
  RULE(99, sysinfo)          \
  RULE(100, times)           \
  RULE(102, getuid)          \
  RULE(104, getgid)          \
  RULE(105, setuid)          \
  RULE(106, setgid)          \
  RULE(107, geteuid)         \
  RULE(108, getegid)         \
  RULE(109, setpgid)         \
  RULE(110, getppid)         \
  RULE(111, getpgrp)         \
  RULE(112, setsid)          \
  RULE(113, setreuid)        \
  RULE(114, setregid)        \
  RULE(115, getgroups)       \
  RULE(116, setgroups)       \
  RULE(117, setresuid)       \
  RULE(118, getresuid)       \
  RULE(119, setresgid)       \
  RULE(120, getresgid)       \
  RULE(121, getpgid)         \
  RULE(122, setfsuid)        \
  RULE(123, setfsgid)        \
  RULE(124, getsid)          \
  RULE(125, capget)          \
  RULE(132, utime)           \
  RULE(133, mknod)           \
  RULE(135, personality)     \
  RULE(137, statfs)          \
  RULE(138, fstatfs)         \
  RULE(140, getpriority)     \
  RULE(141, setpriority)     \
  RULE(142, sched_setparam)  \
  RULE(143, sched_getparam)  \
  RULE(144, sched_setscheduler) \
  RULE(145, sched_getscheduler) \
  RULE(146, sched_get_priority_max) \
  RULE(147, sched_get_priority_min) \
  RULE(148, sched_rr_get_interval) \
  RULE(149, mlock)           \
  RULE(150, munlock)         \
  RULE(151, mlockall)        \
  RULE(152, munlockall)      \
  RULE(160, setrlimit)       \
  RULE(186, gettid)          \
  RULE(187, readahead)       \
  RULE(188, setxattr)        \
  RULE(189, lsetxattr)       \
  RULE(190, fsetxattr)       \
  RULE(191, getxattr)        \
  RULE(192, lgetxattr)       \
  RULE(193, fgetxattr)       \
  RULE(194, listxattr)       \
  RULE(195, llistxattr)      \
  RULE(196, flistxattr)      \
  RULE(197, removexattr)     \
  RULE(198, lremovexattr)    \
  RULE(199, fremovexattr)    \
  RULE(201, time)            \
  RULE(202, futex)           \
  RULE(203, sched_setaffinity) \
  RULE(204, sched_getaffinity) \
  RULE(213, epoll_create)    \
  RULE(217, getdents64)      \
  RULE(218, set_tid_address) \
  RULE(228, clock_gettime)   \
  RULE(229, clock_getres)    \
  RULE(230, clock_nanosleep) \
  RULE(231, exit_group)      \
  RULE(232, epoll_wait)      \
  RULE(233, epoll_ctl)       \
  RULE(235, utimes)          \
  RULE(257, openat)          \
  RULE(258, mkdirat)         \
  RULE(259, mknodat)         \
  RULE(260, fchownat)        \
  RULE(261, futimesat)       \
  RULE(262, newfstatat)      \
  RULE(263, unlinkat)        \
  RULE(264, renameat)        \
  RULE(265, linkat)          \
  RULE(266, symlinkat)       \
  RULE(267, readlinkat)      \
  RULE(268, fchmodat)        \
  RULE(269, faccessat)       \
  RULE(270, pselect6)        \
  RULE(271, ppoll)           \
  RULE(277, sync_file_range) \
  RULE(280, utimensat)       \
  RULE(281, epoll_pwait)     \
  RULE(283, timerfd_create)  \
  RULE(284, eventfd)         \
  RULE(285, fallocate)       \
  RULE(286, timerfd_settime) \
  RULE(287, timerfd_gettime) \
  RULE(290, eventfd2)        \
  RULE(291, epoll_create1)   \
  RULE(292, dup3)            \
  RULE(293, pipe2)           \
  RULE(295, preadv)          \
  RULE(296, pwritev)         \
  RULE(302, prlimit64)       \
  RULE(306, syncfs)          \
  RULE(309, getcpu)          \
  RULE(310, process_vm_readv) \
  RULE(311, process_vm_writev) \
  RULE(316, renameat2)       \
  RULE(318, getrandom)       \
  RULE(324, membarrier)      \
  RULE(325, mlock2)          \
  RULE(326, copy_file_range) \
  RULE(327, preadv2)         \
  RULE(328, pwritev2)        \
  RULE(332, statx)           \
  RULE(436, close_range)     \
  RULE(437, openat2)         \
  RULE(439, faccessat2)      \
  RULE(441, epoll_pwait2)    \
  RULE(452, fchmodat2)       \
  RULE(454, futex_wake)      \
  RULE(455, futex_wait)      \
  RULE(463, setxattrat)      \
  RULE(464, getxattrat)      \
  RULE(465, listxattrat)     \
  RULE(466, removexattrat)

namespace cupel::props {

struct RuleLine {
  uint16_t call;
  std::string_view name;
  Rule rule;
};

std::span<const RuleLine> rule_table();

namespace rules {
#define CUPEL_DECLARE_RULE(number, name) Result<> name(const Call& call, Allowed& allowed);
CUPEL_RULES(CUPEL_DECLARE_RULE)
#undef CUPEL_DECLARE_RULE
}  // namespace rules

}  // namespace cupel::props
