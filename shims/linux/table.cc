// The one list of calls. Errors which argument types bring (EBADF of Fd, EFAULT of pointers, EINVAL of Flags, ENAMETOOLONG
// of paths) are declared by those types; a line lists the others.
#include "shims/linux/shim.hh"

#include <array>

#include "shims/linux/missing.hh"
#include "shims/linux/syscalls/account.hh"
#include "shims/linux/syscalls/barrier.hh"
#include "shims/linux/syscalls/copy.hh"
#include "shims/linux/syscalls/epoll.hh"
#include "shims/linux/syscalls/futex2.hh"
#include "shims/linux/syscalls/groups.hh"
#include "shims/linux/syscalls/identity.hh"
#include "shims/linux/syscalls/ipc.hh"
#include "shims/linux/syscalls/limits.hh"
#include "shims/linux/syscalls/lock.hh"
#include "shims/linux/syscalls/memory.hh"
#include "shims/linux/syscalls/metadata.hh"
#include "shims/linux/syscalls/mlock.hh"
#include "shims/linux/syscalls/names.hh"
#include "shims/linux/syscalls/open.hh"
#include "shims/linux/syscalls/poll.hh"
#include "shims/linux/syscalls/process_vm.hh"
#include "shims/linux/syscalls/schedule.hh"
#include "shims/linux/syscalls/statfs.hh"
#include "shims/linux/syscalls/sync.hh"
#include "shims/linux/syscalls/tasks.hh"
#include "shims/linux/syscalls/time.hh"
#include "shims/linux/syscalls/timerfd.hh"
#include "shims/linux/syscalls/times.hh"
#include "shims/linux/syscalls/transfer.hh"
#include "shims/linux/syscalls/xattr.hh"

namespace cupel::linux_shim {
namespace {

// Errors by their bare names; what calls are named like too is spelled in full.
using enum Errno;

// What any walk of a path may say.
template <Errno... more>
constexpr auto walk_errnos = errnos<acces, loop, noent, notdir, nametoolong, nomem, more...>;

constexpr std::array entries{
    call_entry<read>(0, "read", errnos<again, inval, intr, isdir, nomem>, Blocks{}),
    call_entry<write>(1, "write", errnos<again, inval, intr, fbig, nomem, Errno::pipe>, Blocks{}),
    call_entry<open>(2, "open", walk_errnos<exist, inval, isdir, mfile, nospc, perm>, args("path", "flags", "mode")),
    call_entry<close>(3, "close", errnos<>),
    call_entry<stat>(4, "stat", walk_errnos<>),
    call_entry<fstat>(5, "fstat", errnos<>),
    call_entry<lstat>(6, "lstat", walk_errnos<>),
    call_entry<poll>(7, "poll", errnos<intr, nomem>, args("fds", "timeout"), Blocks{}),
    call_entry<lseek>(8, "lseek", errnos<nxio, Errno::spipe>, args("fd", "offset", "whence")),
    call_entry<mmap>(9, "mmap", errnos<acces, again, exist, inval, nodev, nomem, opnotsupp, overflow, perm>, args("addr", "length", "prot", "flags", "fd", "offset"),
                     Partial{"MAP_HUGETLB, MAP_GROWSDOWN as a growing stack, MAP_SYNC"}),
    call_entry<mprotect>(10, "mprotect", errnos<acces, nomem>, args("addr", "length", "prot")),
    call_entry<munmap>(11, "munmap", errnos<inval, nomem>, args("addr", "length")),
    call_entry<brk>(12, "brk", errnos<>, args("addr")),
    call_entry<pread64>(17, "pread64", errnos<inval, isdir, nomem, Errno::spipe>),
    call_entry<pwrite64>(18, "pwrite64", errnos<inval, fbig, nomem, Errno::spipe>),
    call_entry<readv>(19, "readv", errnos<again, intr, isdir, nomem>, args("fd", "iov"), Blocks{}),
    call_entry<writev>(20, "writev", errnos<again, intr, fbig, nomem, Errno::pipe>, args("fd", "iov"), Blocks{}),
    call_entry<access>(21, "access", walk_errnos<>, args("path", "mode")),
    call_entry<linux_shim::pipe>(22, "pipe", errnos<mfile, nomem>),
    call_entry<linux_shim::select>(23, "select", errnos<inval, intr, nomem, badf>, args("nfds", "readfds", "writefds", "exceptfds", "timeout"), Blocks{}),
    call_entry<sched_yield>(24, "sched_yield", errnos<>),
    call_entry<msync>(26, "msync", errnos<busy, nomem>, args("addr", "length", "flags")),
    call_entry<mincore>(27, "mincore", errnos<inval, nomem>, args("addr", "length", "vec")),
    call_entry<madvise>(28, "madvise", errnos<nomem>, args("addr", "length", "advice"), Partial{"advice other than NORMAL, RANDOM, SEQUENTIAL, WILLNEED, DONTNEED"}),
    call_entry<dup>(32, "dup", errnos<mfile, nomem>),
    call_entry<dup2>(33, "dup2", errnos<nomem>, args("oldfd", "newfd")),
    call_entry<nanosleep>(35, "nanosleep", errnos<inval, intr>, args("span", "left"), Blocks{}),
    call_entry<getpid>(39, "getpid", errnos<>),
    call_entry<sendfile>(40, "sendfile", errnos<again, inval, intr, fbig, nomem, Errno::pipe, Errno::spipe>, args("out_fd", "in_fd", "offset", "count"), Blocks{}),
    call_entry<clone>(56, "clone", errnos<again, nomem, perm>, args("flags", "stack", "parent_tid", "child_tid", "tls"), Blocks{},
                      Partial{"namespaces, CLONE_PIDFD, CLONE_PTRACE"}),
    call_entry<fork>(57, "fork", errnos<again, nomem>),
    call_entry<vfork>(58, "vfork", errnos<again, nomem>, Blocks{}),
    call_entry<exit>(60, "exit", errnos<>, args("status")),
    call_entry<wait4>(61, "wait4", errnos<Errno::child, intr, srch>, args("pid", "status", "options", "rusage"), Blocks{}),
    call_entry<uname>(63, "uname", errnos<fault>, args("buf")),
    call_entry<fcntl>(72, "fcntl", errnos<mfile, nomem, perm>, args("fd", "cmd", "arg"), Partial{"locks, leases, owners, pipe sizes, seals"}),
    call_entry<flock>(73, "flock", errnos<again, inval, intr>, args("fd", "operation"), Blocks{}),
    call_entry<fsync>(74, "fsync", errnos<inval>),
    call_entry<fdatasync>(75, "fdatasync", errnos<inval>),
    call_entry<truncate>(76, "truncate", walk_errnos<inval, isdir, fbig>, args("path", "length")),
    call_entry<ftruncate>(77, "ftruncate", errnos<inval, fbig>, args("fd", "length")),
    call_entry<getdents>(78, "getdents", errnos<inval, noent, notdir>),
    call_entry<getcwd>(79, "getcwd", errnos<noent, range, nametoolong>),
    call_entry<chdir>(80, "chdir", walk_errnos<>),
    call_entry<fchdir>(81, "fchdir", errnos<acces, notdir>),
    call_entry<rename>(82, "rename", walk_errnos<busy, exist, inval, isdir, notempty, perm>, args("oldpath", "newpath")),
    call_entry<mkdir>(83, "mkdir", walk_errnos<exist>),
    call_entry<rmdir>(84, "rmdir", walk_errnos<busy, inval, notempty, perm>),
    call_entry<creat>(85, "creat", walk_errnos<inval, isdir, mfile, perm>),
    call_entry<link>(86, "link", walk_errnos<exist, perm>, args("oldpath", "newpath")),
    call_entry<unlink>(87, "unlink", walk_errnos<isdir, perm>),
    call_entry<symlink>(88, "symlink", walk_errnos<exist>, args("target", "linkpath")),
    call_entry<readlink>(89, "readlink", walk_errnos<inval>),
    call_entry<chmod>(90, "chmod", walk_errnos<opnotsupp, perm>),
    call_entry<fchmod>(91, "fchmod", errnos<opnotsupp, perm>),
    call_entry<chown>(92, "chown", walk_errnos<perm>, args("path", "owner", "group")),
    call_entry<fchown>(93, "fchown", errnos<opnotsupp, perm>, args("fd", "owner", "group")),
    call_entry<lchown>(94, "lchown", walk_errnos<perm>, args("path", "owner", "group")),
    call_entry<umask>(95, "umask", errnos<>),
    call_entry<gettimeofday>(96, "gettimeofday", errnos<fault>, args("tv", "tz")),
    call_entry<getrlimit>(97, "getrlimit", errnos<>, args("resource", "rlim")),
    call_entry<getrusage>(98, "getrusage", errnos<>, args("who", "usage")),
    call_entry<sysinfo>(99, "sysinfo", errnos<>, args("info")),
    call_entry<times>(100, "times", errnos<>, args("buf")),
    call_entry<getuid>(102, "getuid", errnos<>),
    call_entry<getgid>(104, "getgid", errnos<>),
    call_entry<setuid>(105, "setuid", errnos<inval>, args("uid"), Partial{"ids but 0, as in a user namespace that maps no other"}),
    call_entry<setgid>(106, "setgid", errnos<inval>, args("gid"), Partial{"ids but 0, as in a user namespace that maps no other"}),
    call_entry<geteuid>(107, "geteuid", errnos<>),
    call_entry<getegid>(108, "getegid", errnos<>),
    call_entry<setpgid>(109, "setpgid", errnos<inval, perm, srch>, args("pid", "pgid")),
    call_entry<getppid>(110, "getppid", errnos<>),
    call_entry<getpgrp>(111, "getpgrp", errnos<>),
    call_entry<setsid>(112, "setsid", errnos<perm>),
    call_entry<setreuid>(113, "setreuid", errnos<inval>, args("ruid", "euid"), Partial{"ids but 0, as in a user namespace that maps no other"}),
    call_entry<setregid>(114, "setregid", errnos<inval>, args("rgid", "egid"), Partial{"ids but 0, as in a user namespace that maps no other"}),
    call_entry<getgroups>(115, "getgroups", errnos<inval>, args("size", "list")),
    call_entry<setgroups>(116, "setgroups", errnos<inval>, args("size", "list"), Partial{"ids but 0, as in a user namespace that maps no other"}),
    call_entry<setresuid>(117, "setresuid", errnos<inval>, args("ruid", "euid", "suid"), Partial{"ids but 0, as in a user namespace that maps no other"}),
    call_entry<getresuid>(118, "getresuid", errnos<>, args("ruid", "euid", "suid")),
    call_entry<setresgid>(119, "setresgid", errnos<inval>, args("rgid", "egid", "sgid"), Partial{"ids but 0, as in a user namespace that maps no other"}),
    call_entry<getresgid>(120, "getresgid", errnos<>, args("rgid", "egid", "sgid")),
    call_entry<getpgid>(121, "getpgid", errnos<srch>, args("pid")),
    call_entry<setfsuid>(122, "setfsuid", errnos<>, args("fsuid"), Partial{"ids but 0, as in a user namespace that maps no other"}),
    call_entry<setfsgid>(123, "setfsgid", errnos<>, args("fsgid"), Partial{"ids but 0, as in a user namespace that maps no other"}),
    call_entry<getsid>(124, "getsid", errnos<srch>, args("pid")),
    call_entry<capget>(125, "capget", errnos<inval, srch>, args("hdrp", "datap")),
    call_entry<utime>(132, "utime", walk_errnos<opnotsupp, perm>, args("path", "times")),
    call_entry<mknod>(133, "mknod", walk_errnos<exist, inval, perm>, args("path", "mode", "dev"), Partial{"pipes with names, sockets, devices"}),
    call_entry<personality>(135, "personality", errnos<>, args("persona"), Partial{"what a persona changes: it is kept"}),
    call_entry<statfs>(137, "statfs", walk_errnos<>),
    call_entry<fstatfs>(138, "fstatfs", errnos<>),
    call_entry<getpriority>(140, "getpriority", errnos<srch>, args("which", "who")),
    call_entry<setpriority>(141, "setpriority", errnos<srch>, args("which", "who", "prio")),
    call_entry<sched_setparam>(142, "sched_setparam", errnos<inval, srch>, args("pid", "param")),
    call_entry<sched_getparam>(143, "sched_getparam", errnos<inval, srch>, args("pid", "param")),
    call_entry<sched_setscheduler>(144, "sched_setscheduler", errnos<srch>, args("pid", "policy", "param"), Partial{"SCHED_DEADLINE and SCHED_EXT"}),
    call_entry<sched_getscheduler>(145, "sched_getscheduler", errnos<inval, srch>, args("pid")),
    call_entry<sched_get_priority_max>(146, "sched_get_priority_max", errnos<>, args("policy")),
    call_entry<sched_get_priority_min>(147, "sched_get_priority_min", errnos<>, args("policy")),
    call_entry<sched_rr_get_interval>(148, "sched_rr_get_interval", errnos<inval, srch>, args("pid", "tp")),
    call_entry<mlock>(149, "mlock", errnos<again, inval, nomem, perm>, args("addr", "length")),
    call_entry<munlock>(150, "munlock", errnos<inval, nomem>, args("addr", "length")),
    call_entry<mlockall>(151, "mlockall", errnos<nomem, perm>),
    call_entry<munlockall>(152, "munlockall", errnos<>),
    call_entry<setrlimit>(160, "setrlimit", errnos<perm>, args("resource", "rlim"), Partial{"CPU time, and data that mprotect makes; a soft limit of either is kept"}),
    call_entry<gettid>(186, "gettid", errnos<>),
    call_entry<readahead>(187, "readahead", errnos<inval>, args("fd", "offset", "count")),
    call_entry<setxattr>(188, "setxattr", walk_errnos<exist, inval, nodata, opnotsupp, perm, range, too_big>, args("path", "name", "value", "flags"), Partial{"POSIX access lists"}),
    call_entry<lsetxattr>(189, "lsetxattr", walk_errnos<exist, inval, nodata, opnotsupp, perm, range, too_big>, args("path", "name", "value", "flags"), Partial{"POSIX access lists"}),
    call_entry<fsetxattr>(190, "fsetxattr", errnos<acces, nomem, exist, inval, nodata, opnotsupp, perm, range, too_big>, args("fd", "name", "value", "flags"), Partial{"POSIX access lists"}),
    call_entry<getxattr>(191, "getxattr", walk_errnos<inval, nodata, opnotsupp, range>, args("path", "name", "value"), Partial{"POSIX access lists"}),
    call_entry<lgetxattr>(192, "lgetxattr", walk_errnos<inval, nodata, opnotsupp, range>, args("path", "name", "value"), Partial{"POSIX access lists"}),
    call_entry<fgetxattr>(193, "fgetxattr", errnos<acces, nomem, inval, nodata, opnotsupp, range>, args("fd", "name", "value"), Partial{"POSIX access lists"}),
    call_entry<listxattr>(194, "listxattr", walk_errnos<range>, args("path", "list")),
    call_entry<llistxattr>(195, "llistxattr", walk_errnos<range>, args("path", "list")),
    call_entry<flistxattr>(196, "flistxattr", errnos<range>, args("fd", "list")),
    call_entry<removexattr>(197, "removexattr", walk_errnos<inval, nodata, opnotsupp, perm, range>, args("path", "name"), Partial{"POSIX access lists"}),
    call_entry<lremovexattr>(198, "lremovexattr", walk_errnos<inval, nodata, opnotsupp, perm, range>, args("path", "name"), Partial{"POSIX access lists"}),
    call_entry<fremovexattr>(199, "fremovexattr", errnos<acces, nomem, inval, nodata, opnotsupp, perm, range>, args("fd", "name"), Partial{"POSIX access lists"}),
    call_entry<linux_shim::time>(201, "time", errnos<>),
    call_entry<futex>(202, "futex", errnos<again, intr, nosys, timedout>, args("uaddr", "op", "val", "timeout", "uaddr2", "val3"), Blocks{},
                      Partial{"priority inheritance, FUTEX_WAKE_OP"}),
    call_entry<sched_setaffinity>(203, "sched_setaffinity", errnos<inval, srch>, args("pid", "cpusetsize", "mask"), Partial{"processors but the first"}),
    call_entry<sched_getaffinity>(204, "sched_getaffinity", errnos<inval, srch>, args("pid", "cpusetsize", "mask")),
    call_entry<epoll_create>(213, "epoll_create", errnos<inval, mfile, nomem>, args("size")),
    call_entry<getdents64>(217, "getdents64", errnos<inval, noent, notdir>),
    call_entry<set_tid_address>(218, "set_tid_address", errnos<>, args("tidptr")),
    call_entry<clock_gettime>(228, "clock_gettime", errnos<>, args("clockid", "tp"), Partial{"CPU-time clocks"}),
    call_entry<clock_getres>(229, "clock_getres", errnos<>, args("clockid", "res"), Partial{"CPU-time clocks"}),
    call_entry<clock_nanosleep>(230, "clock_nanosleep", errnos<intr, opnotsupp>, args("clockid", "flags", "request", "remain"), Blocks{}, Partial{"CPU-time clocks"}),
    call_entry<exit_group>(231, "exit_group", errnos<>, args("status")),
    call_entry<epoll_wait>(232, "epoll_wait", errnos<intr>, args("epfd", "events", "timeout"), Blocks{}),
    call_entry<epoll_ctl>(233, "epoll_ctl", errnos<exist, loop, noent, nomem, perm>, args("epfd", "op", "fd", "event")),
    call_entry<utimes>(235, "utimes", walk_errnos<inval, opnotsupp, perm>, args("path", "times")),
    call_entry<openat>(257, "openat", walk_errnos<exist, inval, isdir, mfile, nospc, perm>),
    call_entry<mkdirat>(258, "mkdirat", walk_errnos<exist>),
    call_entry<mknodat>(259, "mknodat", walk_errnos<exist, inval, perm>, args("dirfd", "path", "mode", "dev"), Partial{"pipes with names, sockets, devices"}),
    call_entry<fchownat>(260, "fchownat", walk_errnos<opnotsupp, perm>, args("dirfd", "path", "owner", "group", "flags")),
    call_entry<futimesat>(261, "futimesat", walk_errnos<inval, opnotsupp, perm>, args("dirfd", "path", "times")),
    call_entry<newfstatat>(262, "newfstatat", walk_errnos<>),
    call_entry<unlinkat>(263, "unlinkat", walk_errnos<busy, isdir, notempty, perm>),
    call_entry<renameat>(264, "renameat", walk_errnos<busy, exist, inval, isdir, notempty, perm>, args("olddirfd", "oldpath", "newdirfd", "newpath")),
    call_entry<linkat>(265, "linkat", walk_errnos<exist, perm, xdev>, args("olddirfd", "oldpath", "newdirfd", "newpath", "flags")),
    call_entry<symlinkat>(266, "symlinkat", walk_errnos<exist>, args("target", "newdirfd", "linkpath")),
    call_entry<readlinkat>(267, "readlinkat", walk_errnos<inval>),
    call_entry<fchmodat>(268, "fchmodat", walk_errnos<opnotsupp, perm>),
    call_entry<faccessat>(269, "faccessat", walk_errnos<>, args("dirfd", "path", "mode")),
    call_entry<pselect6>(270, "pselect6", errnos<inval, intr, nomem, badf>, args("nfds", "readfds", "writefds", "exceptfds", "timeout", "sigmask"), Blocks{}),
    call_entry<ppoll>(271, "ppoll", errnos<intr, nomem>, args("fds", "timeout", "sigmask", "sigsetsize"), Blocks{}),
    call_entry<sync_file_range>(277, "sync_file_range", errnos<inval, Errno::spipe>, args("fd", "offset", "length", "flags")),
    call_entry<utimensat>(280, "utimensat", walk_errnos<inval, opnotsupp, perm>, args("dirfd", "path", "times", "flags")),
    call_entry<epoll_pwait>(281, "epoll_pwait", errnos<intr>, args("epfd", "events", "timeout", "sigmask", "sigsetsize"), Blocks{}),
    call_entry<timerfd_create>(283, "timerfd_create", errnos<mfile, nomem, perm>, args("clockid", "flags")),
    call_entry<eventfd>(284, "eventfd", errnos<mfile, nomem>, args("initval")),
    call_entry<fallocate>(285, "fallocate", errnos<fbig, inval, isdir, nodev, nomem, nospc, opnotsupp, Errno::spipe>, args("fd", "mode", "offset", "length"),
                          Partial{"COLLAPSE_RANGE, ZERO_RANGE, INSERT_RANGE, UNSHARE_RANGE"}),
    call_entry<timerfd_settime>(286, "timerfd_settime", errnos<>, args("fd", "flags", "new", "old")),
    call_entry<timerfd_gettime>(287, "timerfd_gettime", errnos<inval>, args("fd", "curr")),
    call_entry<eventfd2>(290, "eventfd2", errnos<mfile, nomem>, args("initval", "flags")),
    call_entry<epoll_create1>(291, "epoll_create1", errnos<mfile, nomem>),
    call_entry<dup3>(292, "dup3", errnos<nomem>, args("oldfd", "newfd", "flags")),
    call_entry<pipe2>(293, "pipe2", errnos<mfile, nomem>, Partial{"O_DIRECT (packet mode), O_NOTIFICATION_PIPE"}),
    call_entry<preadv>(295, "preadv", errnos<inval, isdir, nomem, Errno::spipe>, args("fd", "iov", "pos_l", "pos_h")),
    call_entry<pwritev>(296, "pwritev", errnos<inval, fbig, nomem, Errno::spipe>, args("fd", "iov", "pos_l", "pos_h")),
    call_entry<prlimit64>(302, "prlimit64", errnos<perm, srch>, args("pid", "resource", "new_limit", "old_limit"), Partial{"CPU time, and data that mprotect makes; a soft limit of either is kept"}),
    call_entry<syncfs>(306, "syncfs", errnos<>),
    call_entry<getcpu>(309, "getcpu", errnos<>, args("cpu", "node", "cache")),
    call_entry<process_vm_readv>(310, "process_vm_readv", errnos<nomem, srch>, args("pid", "local", "remote", "flags")),
    call_entry<process_vm_writev>(311, "process_vm_writev", errnos<nomem, srch>, args("pid", "local", "remote", "flags")),
    call_entry<renameat2>(316, "renameat2", walk_errnos<busy, exist, inval, isdir, notempty, perm>, args("olddirfd", "oldpath", "newdirfd", "newpath", "flags"),
                          Partial{"RENAME_WHITEOUT"}),
    call_entry<getrandom>(318, "getrandom", errnos<inval>),
    call_entry<membarrier>(324, "membarrier", errnos<inval, perm>, args("cmd", "flags", "cpu_id")),
    call_entry<mlock2>(325, "mlock2", errnos<again, nomem, perm>, args("addr", "length", "flags")),
    call_entry<copy_file_range>(326, "copy_file_range", errnos<fbig, inval, isdir, nomem, overflow>, args("fd_in", "off_in", "fd_out", "off_out", "size", "flags")),
    call_entry<preadv2>(327, "preadv2", errnos<again, inval, intr, isdir, nomem, opnotsupp, Errno::spipe>, args("fd", "iov", "pos_l", "pos_h", "flags"), Blocks{},
                        Partial{"RWF_NOWAIT, RWF_DONTCACHE"}),
    call_entry<pwritev2>(328, "pwritev2", errnos<again, fbig, inval, intr, nomem, opnotsupp, Errno::pipe, Errno::spipe>,
                         args("fd", "iov", "pos_l", "pos_h", "flags"), Blocks{}, Partial{"RWF_NOWAIT, RWF_APPEND, RWF_NOAPPEND, RWF_ATOMIC, RWF_DONTCACHE, RWF_NOSIGNAL"}),
    call_entry<statx>(332, "statx", walk_errnos<inval>, args("dirfd", "path", "flags", "mask", "buf"), Partial{"STATX_BTIME and all that STATX_BASIC_STATS does not have"}),
    call_entry<close_range>(436, "close_range", errnos<inval, nomem>, args("first", "last", "flags")),
    call_entry<openat2>(437, "openat2", walk_errnos<again, exist, inval, isdir, mfile, nospc, perm, too_big, xdev>, args("dirfd", "path", "how", "size")),
    call_entry<faccessat2>(439, "faccessat2", walk_errnos<>, args("dirfd", "path", "mode", "flags")),
    call_entry<epoll_pwait2>(441, "epoll_pwait2", errnos<intr>, args("epfd", "events", "timeout", "sigmask", "sigsetsize"), Blocks{}),
    call_entry<fchmodat2>(452, "fchmodat2", walk_errnos<opnotsupp, perm>, args("dirfd", "path", "mode", "flags")),
    call_entry<futex_wake>(454, "futex_wake", errnos<>, args("uaddr", "mask", "nr", "flags"), Partial{"FUTEX2_NUMA, FUTEX2_MPOL"}),
    call_entry<futex_wait>(455, "futex_wait", errnos<again, intr, timedout>, args("uaddr", "val", "mask", "flags", "timeout", "clockid"), Blocks{}, Partial{"FUTEX2_NUMA, FUTEX2_MPOL"}),
    call_entry<setxattrat>(463, "setxattrat", walk_errnos<exist, inval, nodata, opnotsupp, perm, range, too_big>, args("dirfd", "path", "at_flags", "name", "args", "size"), Partial{"POSIX access lists"}),
    call_entry<getxattrat>(464, "getxattrat", walk_errnos<inval, nodata, opnotsupp, range, too_big>, args("dirfd", "path", "at_flags", "name", "args", "size"), Partial{"POSIX access lists"}),
    call_entry<listxattrat>(465, "listxattrat", walk_errnos<range>, args("dirfd", "path", "at_flags", "list")),
    call_entry<removexattrat>(466, "removexattrat", walk_errnos<inval, nodata, opnotsupp, perm, range>, args("dirfd", "path", "at_flags", "name"), Partial{"POSIX access lists"}),
};

constexpr auto descriptions = [] {
  std::array<CallDesc, entries.size()> all{};
  for (size_t index = 0; index < all.size(); ++index) all[index] = entries[index].desc;
  return all;
}();

static_assert([] {
  for (size_t index = 1; index < entries.size(); ++index) {
    if (entries[index].desc.number <= entries[index - 1].desc.number) return false;
  }
  return true;
}(), "the table is sorted by number");

constexpr size_t last_old = 336, first_new = 424, last_new = 469;  // numbers of x86-64; between the two runs there are none

constexpr auto is_served = [] {
  std::array<bool, last_new + 1> served{};
  for (const Call& entry : entries) served[entry.desc.number] = true;
  return served;
}();

// Of those that missing.hh tells of, the ones that are missing.
constexpr auto missing = [] {
  constexpr size_t count = [] {
    size_t sum = 0;
    for (const Missing& call : unsupported_calls) sum += is_served[call.number] ? 0u : 1u;
    return sum;
  }();
  std::array<Missing, count> all{};
  size_t index = 0;
  for (const Missing& call : unsupported_calls) {
    if (!is_served[call.number]) all[index++] = call;
  }
  return all;
}();

static_assert([] {
  auto is_told_of = is_served;
  for (const Missing& call : missing) is_told_of[call.number] = true;
  for (size_t number = 0; number <= last_new; ++number) {
    if ((number <= last_old || number >= first_new) && !is_told_of[number]) return false;
  }
  return true;
}(), "a call that is not served has its reason in missing.hh");

constexpr InterfaceDesc linux_interface{"linux", descriptions, missing};

}  // namespace

std::span<const Call> table() { return entries; }
const InterfaceDesc& description() { return linux_interface; }

}  // namespace cupel::linux_shim
