#pragma once
#include <array>
#include <cstdint>

#include "libos/fd/open_file.hh"
#include "libos/fs/file_system.hh"
#include "libos/interface/args.hh"
#include "libos/task/schedule.hh"

// The numbers and structs of the x86-64 Linux ABI that handlers' signatures are made of, each flag with its name.
namespace cupel::libos {

consteval auto names_of(OpenFlag) {
  using interface::NamedValue;
  return std::array{
      NamedValue{"O_RDONLY", 0},          NamedValue{"O_WRONLY", 01},        NamedValue{"O_RDWR", 02},
      NamedValue{"O_CREAT", 0100},        NamedValue{"O_EXCL", 0200},        NamedValue{"O_NOCTTY", 0400},
      NamedValue{"O_TRUNC", 01000},       NamedValue{"O_APPEND", 02000},     NamedValue{"O_NONBLOCK", 04000},
      NamedValue{"O_DSYNC", 010000},      NamedValue{"O_DIRECT", 040000},    NamedValue{"O_LARGEFILE", 0100000},
      NamedValue{"O_DIRECTORY", 0200000}, NamedValue{"O_NOFOLLOW", 0400000}, NamedValue{"O_NOATIME", 01000000},
      NamedValue{"O_CLOEXEC", 02000000},  NamedValue{"O_SYNC", 04010000},    NamedValue{"O_PATH", 010000000},
      NamedValue{"O_TMPFILE", 020200000}};
}
consteval auto usual_of(OpenFlag) { return std::to_array<uint64_t>({0102, 0102, 0102, 0102, 02102, 0, 02, 01101, 01102, 0200000}); }  // to make, to add to, to read, to change, to make anew, to look through
consteval auto names_of(Whence) {
  using interface::NamedValue;
  return std::array{NamedValue{"SEEK_SET", 0}, NamedValue{"SEEK_CUR", 1}, NamedValue{"SEEK_END", 2}, NamedValue{"SEEK_DATA", 3}, NamedValue{"SEEK_HOLE", 4}};
}
consteval auto names_of(RenameFlag) {
  using interface::NamedValue;
  return std::array{NamedValue{"RENAME_NOREPLACE", 1}, NamedValue{"RENAME_EXCHANGE", 2}, NamedValue{"RENAME_WHITEOUT", 4}};
}
consteval auto names_of(SchedulingPolicy) {
  using interface::NamedValue;
  return std::array{NamedValue{"SCHED_OTHER", 0}, NamedValue{"SCHED_FIFO", 1},     NamedValue{"SCHED_RR", 2}, NamedValue{"SCHED_BATCH", 3},
                    NamedValue{"SCHED_IDLE", 5},  NamedValue{"SCHED_DEADLINE", 6}, NamedValue{"SCHED_EXT", 7}};
}
consteval auto names_of(PollEvent) {
  using interface::NamedValue;
  return std::array{NamedValue{"POLLIN", 1},      NamedValue{"POLLPRI", 2},    NamedValue{"POLLOUT", 4},      NamedValue{"POLLERR", 8},    NamedValue{"POLLHUP", 16}, NamedValue{"POLLNVAL", 32},
                    NamedValue{"POLLRDNORM", 64}, NamedValue{"POLLRDBAND", 128}, NamedValue{"POLLWRNORM", 256}, NamedValue{"POLLWRBAND", 512}, NamedValue{"POLLRDHUP", 0x2000}};
}

}  // namespace cupel::libos

namespace cupel::linux_shim {

using namespace interface;
using libos::OpenFlag;
using libos::PollEvent;
using libos::RenameFlag;
using libos::SchedulingPolicy;
using libos::Stat;
using libos::Task;
using libos::Timespec;
using libos::Whence;

enum class AtFlag : uint32_t { symlink_no_follow = 0x100, remove_dir = 0x200, eaccess = 0x200, symlink_follow = 0x400, no_automount = 0x800, empty_path = 0x1000 };

// Each call has its own subset of the AT_ flags; these name them.
enum class StatAtFlag : uint32_t {};
consteval auto names_of(StatAtFlag) {
  return std::array{NamedValue{"AT_SYMLINK_NOFOLLOW", 0x100}, NamedValue{"AT_NO_AUTOMOUNT", 0x800}, NamedValue{"AT_EMPTY_PATH", 0x1000},
                    NamedValue{"AT_STATX_FORCE_SYNC", 0x2000},  NamedValue{"AT_STATX_DONT_SYNC", 0x4000}};
}
enum class UnlinkAtFlag : uint32_t {};
consteval auto names_of(UnlinkAtFlag) { return std::array{NamedValue{"AT_REMOVEDIR", 0x200}}; }
enum class LinkAtFlag : uint32_t {};
consteval auto names_of(LinkAtFlag) { return std::array{NamedValue{"AT_SYMLINK_FOLLOW", 0x400}, NamedValue{"AT_EMPTY_PATH", 0x1000}}; }
enum class OwnerAtFlag : uint32_t {};
consteval auto names_of(OwnerAtFlag) { return std::array{NamedValue{"AT_SYMLINK_NOFOLLOW", 0x100}, NamedValue{"AT_EMPTY_PATH", 0x1000}}; }
enum class AccessAtFlag : uint32_t {};
consteval auto names_of(AccessAtFlag) {
  return std::array{NamedValue{"AT_SYMLINK_NOFOLLOW", 0x100}, NamedValue{"AT_EACCESS", 0x200}, NamedValue{"AT_EMPTY_PATH", 0x1000}};
}
template <class E, Unknown unknown>
bool has(Flags<E, unknown> flags, AtFlag flag) {
  return (flags.bits & static_cast<uint32_t>(flag)) != 0;
}

// What statx(2) is asked for; all bits but one are taken, known or not.
enum class StatxMask : uint32_t { reserved = 0x8000'0000 };
consteval auto names_of(StatxMask) {
  return std::array{NamedValue{"STATX_TYPE", 1},      NamedValue{"STATX_MODE", 2},      NamedValue{"STATX_NLINK", 4},     NamedValue{"STATX_UID", 8},
                    NamedValue{"STATX_GID", 0x10},    NamedValue{"STATX_ATIME", 0x20},  NamedValue{"STATX_MTIME", 0x40},  NamedValue{"STATX_CTIME", 0x80},
                    NamedValue{"STATX_INO", 0x100},   NamedValue{"STATX_SIZE", 0x200},  NamedValue{"STATX_BLOCKS", 0x400}, NamedValue{"STATX_BTIME", 0x800},
                    NamedValue{"STATX_MNT_ID", 0x1000}, NamedValue{"STATX__RESERVED", 0x8000'0000}};
}
consteval auto usual_of(StatxMask) { return std::to_array<uint64_t>({0x7ff, 0xfff, 0, 0x200}); }

// mknod(2)'s mode: what is to be made, and its permissions.
enum class NodeMode : uint16_t { type = 0170000, fifo = 010000, character = 020000, directory = 040000, block = 060000, regular = 0100000, socket = 0140000 };
consteval auto names_of(NodeMode) {
  return std::array{NamedValue{"S_IFREG", 0100000}, NamedValue{"S_IFIFO", 010000},  NamedValue{"S_IFCHR", 020000}, NamedValue{"S_IFDIR", 040000},
                    NamedValue{"S_IFBLK", 060000},  NamedValue{"S_IFLNK", 0120000}, NamedValue{"S_IFSOCK", 0140000}};
}
consteval auto usual_of(NodeMode) { return std::to_array<uint64_t>({0100644, 0644, 0100755, 0102070, 010644}); }

// How preadv2(2) and pwritev2(2) go about it. Those that ask for no more than memory does anyway are known.
enum class TransferFlag : uint32_t { high_priority = 1 };
consteval auto names_of(TransferFlag) { return std::array{NamedValue{"RWF_HIPRI", 1}, NamedValue{"RWF_DSYNC", 2}, NamedValue{"RWF_SYNC", 4}}; }

enum class SyncRangeFlag : uint32_t {};
consteval auto names_of(SyncRangeFlag) {
  return std::array{NamedValue{"SYNC_FILE_RANGE_WAIT_BEFORE", 1}, NamedValue{"SYNC_FILE_RANGE_WRITE", 2}, NamedValue{"SYNC_FILE_RANGE_WAIT_AFTER", 4}};
}

enum class AccessMode : uint32_t {};
consteval auto names_of(AccessMode) { return std::array{NamedValue{"R_OK", 4}, NamedValue{"W_OK", 2}, NamedValue{"X_OK", 1}}; }

enum class DupFlag : uint32_t { cloexec = 02000000 };
consteval auto names_of(DupFlag) { return std::array{NamedValue{"O_CLOEXEC", 02000000}}; }

enum class PipeFlag : uint32_t { nonblock = 04000, direct = 040000, cloexec = 02000000 };
consteval auto names_of(PipeFlag) { return std::array{NamedValue{"O_NONBLOCK", 04000}, NamedValue{"O_CLOEXEC", 02000000}}; }

enum class EventFdFlag : uint32_t { semaphore = 1, nonblock = 04000, cloexec = 02000000 };
consteval auto names_of(EventFdFlag) {
  return std::array{NamedValue{"EFD_SEMAPHORE", 1}, NamedValue{"EFD_NONBLOCK", 04000}, NamedValue{"EFD_CLOEXEC", 02000000}};
}

enum class FcntlCommand : uint32_t { dup_fd = 0, get_fd = 1, set_fd = 2, get_fl = 3, set_fl = 4, dup_fd_cloexec = 1030 };
consteval auto names_of(FcntlCommand) {
  return std::array{NamedValue{"F_DUPFD", 0}, NamedValue{"F_GETFD", 1}, NamedValue{"F_SETFD", 2}, NamedValue{"F_GETFL", 3}, NamedValue{"F_SETFL", 4}, NamedValue{"F_DUPFD_CLOEXEC", 1030}};
}

enum class FallocateMode : uint32_t { keep_size = 1, punch_hole = 2 };
consteval auto names_of(FallocateMode) { return std::array{NamedValue{"FALLOC_FL_KEEP_SIZE", 1}, NamedValue{"FALLOC_FL_PUNCH_HOLE", 2}}; }
consteval auto usual_of(FallocateMode) { return std::to_array<uint64_t>({3, 3, 0, 1}); }  // mostly holes

enum class CloseRangeFlag : uint32_t { unshare = 2, cloexec = 4 };
consteval auto names_of(CloseRangeFlag) { return std::array{NamedValue{"CLOSE_RANGE_UNSHARE", 2}, NamedValue{"CLOSE_RANGE_CLOEXEC", 4}}; }

enum class RandomFlag : uint32_t { nonblock = 1, random = 2, insecure = 4 };
consteval auto names_of(RandomFlag) { return std::array{NamedValue{"GRND_NONBLOCK", 1}, NamedValue{"GRND_RANDOM", 2}, NamedValue{"GRND_INSECURE", 4}}; }

enum class MapFlag : uint64_t { shared = 1, priv = 2, shared_validate = 3, fixed = 0x10, anonymous = 0x20, grows_down = 0x100, locked = 0x2000, huge = 0x40000, fixed_no_replace = 0x100000 };
consteval auto names_of(MapFlag) {
  return std::array{NamedValue{"MAP_SHARED", 1},         NamedValue{"MAP_PRIVATE", 2},       NamedValue{"MAP_FIXED", 0x10},      NamedValue{"MAP_ANONYMOUS", 0x20},
                    NamedValue{"MAP_DENYWRITE", 0x800},  NamedValue{"MAP_EXECUTABLE", 0x1000}, NamedValue{"MAP_NORESERVE", 0x4000}, NamedValue{"MAP_POPULATE", 0x8000},
                    NamedValue{"MAP_NONBLOCK", 0x10000}, NamedValue{"MAP_STACK", 0x20000},   NamedValue{"MAP_FIXED_NOREPLACE", 0x100000},
                    NamedValue{"MAP_LOCKED", 0x2000}};
}
consteval auto usual_of(MapFlag) { return std::to_array<uint64_t>({0x22, 0x22, 0x21, 2, 1, 0x32, 0x100022, 0x11}); }  // memory of one's own, shared memory, files; at an address
enum class ProtectionBit : uint64_t { read = 1, write = 2, execute = 4 };
consteval auto names_of(ProtectionBit) { return std::array{NamedValue{"PROT_READ", 1}, NamedValue{"PROT_WRITE", 2}, NamedValue{"PROT_EXEC", 4}, NamedValue{"PROT_SEM", 8}}; }
consteval auto usual_of(ProtectionBit) { return std::to_array<uint64_t>({1, 3, 3, 5}); }

enum class Advice : uint32_t { normal = 0, random = 1, sequential = 2, will_need = 3, dont_need = 4 };
consteval auto names_of(Advice) {
  return std::array{NamedValue{"MADV_NORMAL", 0}, NamedValue{"MADV_RANDOM", 1}, NamedValue{"MADV_SEQUENTIAL", 2}, NamedValue{"MADV_WILLNEED", 3}, NamedValue{"MADV_DONTNEED", 4}};
}
enum class SyncFlag : uint32_t { async = 1, invalidate = 2, sync = 4 };
consteval auto names_of(SyncFlag) { return std::array{NamedValue{"MS_ASYNC", 1}, NamedValue{"MS_INVALIDATE", 2}, NamedValue{"MS_SYNC", 4}}; }

enum class CloneFlag : uint64_t {
  vm = 0x100, fs = 0x200, files = 0x400, sighand = 0x800, pidfd = 0x1000, ptrace = 0x2000, vfork = 0x4000, parent = 0x8000, thread = 0x10000, newns = 0x20000,
  sysvsem = 0x40000, settls = 0x80000, parent_settid = 0x100000, child_cleartid = 0x200000, untraced = 0x800000, child_settid = 0x1000000,
};
consteval auto names_of(CloneFlag) {
  return std::array{NamedValue{"SIGCHLD", 17},           NamedValue{"CLONE_VM", 0x100},           NamedValue{"CLONE_FS", 0x200},           NamedValue{"CLONE_FILES", 0x400},
                    NamedValue{"CLONE_SIGHAND", 0x800},  NamedValue{"CLONE_VFORK", 0x4000},       NamedValue{"CLONE_PARENT", 0x8000},      NamedValue{"CLONE_THREAD", 0x10000},
                    NamedValue{"CLONE_SYSVSEM", 0x40000}, NamedValue{"CLONE_SETTLS", 0x80000},     NamedValue{"CLONE_PARENT_SETTID", 0x100000}, NamedValue{"CLONE_CHILD_CLEARTID", 0x200000},
                    NamedValue{"CLONE_UNTRACED", 0x800000}, NamedValue{"CLONE_CHILD_SETTID", 0x1000000}};
}
enum class WaitFlag : uint32_t { no_hang = 1, untraced = 2, continued = 8, no_thread = 0x20000000, all = 0x40000000, clone = 0x80000000 };
consteval auto names_of(WaitFlag) {
  return std::array{NamedValue{"WNOHANG", 1}, NamedValue{"WUNTRACED", 2}, NamedValue{"WCONTINUED", 8}, NamedValue{"__WNOTHREAD", 0x20000000}, NamedValue{"__WALL", 0x40000000}, NamedValue{"__WCLONE", 0x80000000}};
}

enum class FutexOperation : uint32_t { wait = 0, wake = 1, requeue = 3, cmp_requeue = 4, wait_bitset = 9, wake_bitset = 10 };
consteval auto names_of(FutexOperation) {
  return std::array{NamedValue{"FUTEX_WAIT", 0},          NamedValue{"FUTEX_WAKE", 1},         NamedValue{"FUTEX_REQUEUE", 3},        NamedValue{"FUTEX_CMP_REQUEUE", 4},
                    NamedValue{"FUTEX_WAIT_BITSET", 9},   NamedValue{"FUTEX_WAKE_BITSET", 10}, NamedValue{"FUTEX_WAIT_PRIVATE", 128}, NamedValue{"FUTEX_WAKE_PRIVATE", 129},
                    NamedValue{"FUTEX_CMP_REQUEUE_PRIVATE", 132}, NamedValue{"FUTEX_WAIT_BITSET_PRIVATE", 137}, NamedValue{"FUTEX_WAKE_BITSET_PRIVATE", 138}};
}

// A policy, and what becomes of it in children.
enum class SchedulingMode : uint32_t { reset_on_fork = 0x4000'0000 };
consteval auto names_of(SchedulingMode) {
  return std::array{NamedValue{"SCHED_OTHER", 0}, NamedValue{"SCHED_FIFO", 1},     NamedValue{"SCHED_RR", 2}, NamedValue{"SCHED_BATCH", 3},
                    NamedValue{"SCHED_IDLE", 5},  NamedValue{"SCHED_DEADLINE", 6}, NamedValue{"SCHED_RESET_ON_FORK", 0x4000'0000}};
}
consteval auto usual_of(SchedulingMode) { return std::to_array<uint64_t>({0, 1, 2, 3, 5, 0x4000'0000, 0x4000'0001, 0x4000'0003}); }
enum class Persona : uint32_t {};
consteval auto names_of(Persona) {
  return std::array{NamedValue{"ADDR_NO_RANDOMIZE", 0x4'0000},  NamedValue{"READ_IMPLIES_EXEC", 0x40'0000}, NamedValue{"ADDR_LIMIT_3GB", 0x800'0000},
                    NamedValue{"STICKY_TIMEOUTS", 0x400'0000}, NamedValue{"UNAME26", 0x2'0000}};
}
consteval auto usual_of(Persona) { return std::to_array<uint64_t>({0xffff'ffff, 0, 8, 0x4'0000, 0x40'0000}); }  // to ask, Linux, Linux of 32 bits
enum class UsageOf : uint32_t { self = 0, thread = 1, children = 0xffff'ffff };
consteval auto names_of(UsageOf) { return std::array{NamedValue{"RUSAGE_SELF", 0}, NamedValue{"RUSAGE_THREAD", 1}, NamedValue{"RUSAGE_CHILDREN", 0xffff'ffff}}; }

enum class WhosePriority : uint32_t { process = 0, group = 1, user = 2 };
consteval auto names_of(WhosePriority) { return std::array{NamedValue{"PRIO_PROCESS", 0}, NamedValue{"PRIO_PGRP", 1}, NamedValue{"PRIO_USER", 2}}; }
enum class ResourceLimit : uint32_t {};
consteval auto names_of(ResourceLimit) {
  return std::array{NamedValue{"RLIMIT_CPU", 0},    NamedValue{"RLIMIT_FSIZE", 1},  NamedValue{"RLIMIT_DATA", 2},        NamedValue{"RLIMIT_STACK", 3},
                    NamedValue{"RLIMIT_CORE", 4},   NamedValue{"RLIMIT_RSS", 5},    NamedValue{"RLIMIT_NPROC", 6},       NamedValue{"RLIMIT_NOFILE", 7},
                    NamedValue{"RLIMIT_MEMLOCK", 8}, NamedValue{"RLIMIT_AS", 9},     NamedValue{"RLIMIT_LOCKS", 10},      NamedValue{"RLIMIT_SIGPENDING", 11},
                    NamedValue{"RLIMIT_MSGQUEUE", 12}, NamedValue{"RLIMIT_NICE", 13}, NamedValue{"RLIMIT_RTPRIO", 14}, NamedValue{"RLIMIT_RTTIME", 15}};
}

enum class ClockId : int32_t { realtime = 0, monotonic = 1, process_cpu = 2, thread_cpu = 3, monotonic_raw = 4, realtime_coarse = 5, monotonic_coarse = 6, boottime = 7 };
consteval auto names_of(ClockId) {
  return std::array{NamedValue{"CLOCK_REALTIME", 0}, NamedValue{"CLOCK_MONOTONIC", 1}, NamedValue{"CLOCK_MONOTONIC_RAW", 4}, NamedValue{"CLOCK_REALTIME_COARSE", 5},
                    NamedValue{"CLOCK_MONOTONIC_COARSE", 6}, NamedValue{"CLOCK_BOOTTIME", 7}};
}
enum class SleepFlag : uint32_t { absolute = 1 };
consteval auto names_of(SleepFlag) { return std::array{NamedValue{"TIMER_ABSTIME", 1}}; }

struct FdPair {
  NewFdField<Resource::pipe_reader> reader;
  NewFdField<Resource::pipe_writer> writer;
};
struct PollFd {
  FdField fd;
  FlagsField<PollEvent> events, revents;
};
struct Timeval {
  int64_t seconds, microseconds;
};
struct TimePair {
  int64_t access_seconds, access_nanoseconds, change_seconds, change_nanoseconds;
};
struct RawTimespec {
  int64_t seconds, nanoseconds;
};
// struct tms: clock ticks.
struct RawTicks {
  int64_t user, system, children_user, children_system;
};
// struct rusage. A task of the mock has used nothing that could be measured.
struct RawUsage {
  int64_t user_seconds, user_microseconds, system_seconds, system_microseconds;
  int64_t resident_size, shared_size, data_size, stack_size, minor_faults, major_faults, swaps, blocks_read, blocks_written, messages_sent, messages_received, signals, voluntary_switches, switches;
};
static_assert(sizeof(RawUsage) == 144);
struct RawProcessors {
  uint64_t bits;
};
struct RawSysinfo {
  uint64_t uptime, load_one, load_five, load_fifteen, memory, free_memory, shared_memory, buffers, swap, free_swap;
  uint16_t tasks, padding;
  uint32_t padding_too;
  uint64_t high_memory, free_high_memory;
  uint32_t unit, rest;
};
static_assert(sizeof(RawSysinfo) == 112);
// struct rlimit, and rlimit64.
struct RawLimit {
  Field<uint64_t, Kind::limit> soft, hard;
};
struct Word32 {
  int32_t value;
};
// struct stat flattened: what a generator needs is its size, what a printer needs its numbers.
// struct new_utsname: six texts, each with its NUL.
struct RawUtsname {
  static constexpr bool is_text = true;
  std::array<std::array<char, 65>, 6> texts;
};
struct RawStat {
  uint64_t device, inode, link_count;
  uint32_t mode, uid, gid, padding;
  uint64_t represented_device;
  int64_t size, block_size, block_count;
  int64_t accessed, accessed_nanoseconds, modified, modified_nanoseconds, changed, changed_nanoseconds;
  int64_t unused1, unused2, unused3;
};
static_assert(sizeof(RawStat) == sizeof(Stat));
// struct statx. Each time stamp is followed by room; what is behind the devices is not for every file system to know.
struct RawStatx {
  uint32_t known, block_size;
  uint64_t attributes;
  uint32_t link_count, uid, gid;
  uint16_t mode, padding;
  uint64_t inode, size, block_count, attributes_known;
  int64_t accessed;
  uint64_t accessed_nanoseconds;
  int64_t born;
  uint64_t born_nanoseconds;
  int64_t changed;
  uint64_t changed_nanoseconds;
  int64_t modified;
  uint64_t modified_nanoseconds;
  uint32_t represented_major, represented_minor, device_major, device_minor;
  uint64_t mount, direct_alignments, unused1, unused2, unused3, unused4, unused5, unused6, unused7, unused8, unused9, unused10, unused11, unused12;
};
static_assert(sizeof(RawStatx) == 256);

}  // namespace cupel::linux_shim
