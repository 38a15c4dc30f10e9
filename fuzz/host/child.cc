#include "fuzz/host/child.hh"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "fuzz/host/futex.hh"
#include "fuzz/host/guest_root.hh"
#include "fuzz/host/raw_call.hh"
#include "fuzz/program/program.hh"

namespace cupel::host {
namespace {

// The page before the one that can only be read; what lies from here on is rarely touched.
constexpr uint64_t edge_offset = fuzz::read_only_base - page_size - fuzz::slots_base;

volatile sig_atomic_t nudged = 0;
void on_nudge(int) { nudged = 1; }

constexpr bool is_error(int64_t result) { return result < 0 && result >= -4095; }

// memcpy(3) would do, but may be an instrumented one.
void copy_bytes(void* to, const void* from, size_t size) { asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory"); }

// What a call may leave behind besides descriptors.
enum class Effect : uint8_t { files, attributes, writing, memory, limits, nothing };
constexpr Effect effect_of(uint64_t number) {
  switch (number) {
    case SYS_mmap: case SYS_mprotect: case SYS_munmap: case SYS_brk: case SYS_mremap: case SYS_madvise: case SYS_msync:
    case SYS_mlock: case SYS_mlock2: case SYS_munlock: case SYS_mlockall: case SYS_munlockall:
      return Effect::memory;
    case SYS_setxattr: case SYS_lsetxattr: case SYS_fsetxattr: case SYS_removexattr: case SYS_lremovexattr: case SYS_fremovexattr:
    case 463: case 466:  // setxattrat(2), removexattrat(2)
      return Effect::attributes;
    case SYS_write: case SYS_pwrite64: case SYS_writev: case SYS_pwritev: case SYS_pwritev2: case SYS_fallocate:
    case SYS_sendfile: case SYS_copy_file_range:
      return Effect::writing;  // of which something stays even where it fails
    case SYS_setrlimit: case SYS_prlimit64:
      return Effect::limits;
    case SYS_exit: case SYS_exit_group: case SYS_setpgid: case SYS_getpgid: case SYS_getpgrp: case SYS_setsid: case SYS_getsid: case SYS_getrlimit:
    case SYS_setuid: case SYS_setgid: case SYS_setreuid: case SYS_setregid: case SYS_setresuid: case SYS_setresgid: case SYS_setfsuid: case SYS_setfsgid:
    case SYS_getgroups: case SYS_setgroups: case SYS_capget:
    case SYS_getpriority: case SYS_setpriority: case SYS_sched_getparam: case SYS_sched_setparam: case SYS_sched_getscheduler: case SYS_sched_setscheduler:
    case SYS_sched_rr_get_interval: case SYS_sched_getaffinity: case SYS_sched_setaffinity: case SYS_getcpu: case SYS_sysinfo: case SYS_membarrier: case SYS_personality:
    case SYS_read: case SYS_pread64: case SYS_readv: case SYS_preadv: case SYS_preadv2: case SYS_close: case SYS_close_range:
    case SYS_lseek: case SYS_dup: case SYS_dup2: case SYS_dup3: case SYS_fcntl: case SYS_pipe: case SYS_pipe2:
    case SYS_eventfd: case SYS_eventfd2: case SYS_stat: case SYS_lstat: case SYS_fstat: case SYS_newfstatat: case SYS_statx:
    case SYS_access: case SYS_faccessat: case SYS_faccessat2: case SYS_readlink: case SYS_readlinkat: case SYS_getcwd:
    case SYS_getdents: case SYS_getdents64: case SYS_poll: case SYS_ppoll: case SYS_futex: case SYS_getpid: case SYS_gettid:
    case SYS_getppid: case SYS_clock_gettime: case SYS_clock_getres: case SYS_gettimeofday: case SYS_time:
    case SYS_select: case SYS_pselect6: case SYS_epoll_create: case SYS_epoll_create1: case SYS_epoll_ctl: case SYS_epoll_wait: case SYS_epoll_pwait:
    case SYS_epoll_pwait2: case SYS_timerfd_create: case SYS_timerfd_settime: case SYS_timerfd_gettime:
    case SYS_getxattr: case SYS_lgetxattr: case SYS_fgetxattr: case SYS_listxattr: case SYS_llistxattr: case SYS_flistxattr: case 464: case 465:  // getxattrat(2), listxattrat(2)
    case SYS_process_vm_readv: case SYS_process_vm_writev: case 454: case 455:  // futex_wake(2), futex_wait(2)
    case SYS_flock: case SYS_statfs: case SYS_fstatfs: case SYS_getrusage: case SYS_times: case SYS_getresuid: case SYS_getresgid:
    case SYS_sched_get_priority_max: case SYS_sched_get_priority_min: case SYS_readahead: case SYS_syncfs: case SYS_sync_file_range: case SYS_clock_nanosleep: case SYS_nanosleep: case SYS_sched_yield: case SYS_getrandom: case SYS_uname: case SYS_wait4:
      return Effect::nothing;
    default:
      return Effect::files;  // or we do not know
  }
}

void fill_bytes(void* to, int value, size_t size) { asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory"); }

// The new tasks leave at once: none stays behind to be waited for by another program.
void reap() {
  while (kernel(SYS_wait4, -1, 0, __WALL, 0) > 0) {}
}

// The status of a process that makes a call which ends it.
int64_t end_with(uint64_t number, uint64_t argument) {
  const int64_t pid = raw_end(number, argument);
  if (pid < 0) return pid;
  int32_t status = 0;
  while (kernel(SYS_wait4, pid, &status, __WALL, 0) == -EINTR) {}
  return status;
}

// SAFETY: of a program's memory only, which nothing of ours lives in.
std::byte* at(uint64_t address) { return reinterpret_cast<std::byte*>(address); }

// Lets us write to the page that can only be read, where the range has bytes of it.
class Unlocked {
 public:
  Unlocked(uint64_t address, uint64_t size) : is_needed_(address + size > fuzz::read_only_base && address < fuzz::unmapped_base) {
    if (is_needed_) kernel(SYS_mprotect, fuzz::read_only_base, page_size, PROT_READ | PROT_WRITE);
  }
  ~Unlocked() {
    if (is_needed_) kernel(SYS_mprotect, fuzz::read_only_base, page_size, PROT_READ);
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  const bool is_needed_;
};

bool in_slots(const SlotRecord& slot) {
  return slot.address >= fuzz::slots_base && slot.address < fuzz::unmapped_base && slot.size <= fuzz::unmapped_base - slot.address;
}

// Where a load that faults goes on.
void* after_fault[5];
volatile bool may_fault = false;
void on_fault(int) {
  if (may_fault) __builtin_longjmp(after_fault, 1);
  kernel(SYS_exit_group, 3);
}

// Copies what lies there, as far as it can be read.
void peek(const SlotRecord& slot, std::byte* out) {
  may_fault = true;
  // SAFETY: on_fault() comes back here from within the one statement that may fault; nothing it would unwind is alive.
  if (__builtin_setjmp(after_fault) == 0) {
    for (uint64_t done = 0; done < slot.size;) {
      const uint64_t from = slot.address + done;
      const uint64_t size = std::min<uint64_t>(slot.size - done, page_size - from % page_size);
      copy_bytes(out + done, at(from), size);
      done += size;
    }
  }
  may_fault = false;
}

// SAFETY: the parent has written the records, in the very layout that these walk along.
void lay_in(std::byte* slots, uint8_t count) {
  // All that is given first: what is found may lie in it.
  for (const Content content : {Content::given, Content::found}) {
    std::byte* record = slots;
    for (uint8_t index = 0; index < count; ++index) {
      const auto& slot = *reinterpret_cast<const SlotRecord*>(record);
      std::byte* const before = record + sizeof(SlotRecord);
      record = before + 2 * padded(slot.size);
      if (slot.content != content) continue;
      if (content == Content::found) {
        peek(slot, before);
      } else if (in_slots(slot)) {
        const Unlocked unlocked(slot.address, slot.size);
        copy_bytes(at(slot.address), before, slot.size);
      }
    }
  }
}

void take_out(std::byte* slots, uint8_t count) {
  for (std::byte* record = slots; count > 0; --count) {
    const auto& slot = *reinterpret_cast<const SlotRecord*>(record);
    std::byte* const before = record + sizeof(SlotRecord);
    std::byte* const after = before + padded(slot.size);
    if (slot.content == Content::found) copy_bytes(after, before, slot.size);  // where it cannot be read
    peek(slot, after);
    record = after + padded(slot.size);
  }
}

uint64_t obstacle(const libos::Config& config) { return config.break_base + config.break_size_max + page_size; }

// Puts the heap that brk(2) grows at the machine's address (prctl(2), PR_SET_MM_MAP: all or nothing, so the other places
// are made up; only /proc reads them). A page in the way bounds it: the kernel keeps one free before the next mapping.
bool place_break(const libos::Config& config) {
  prctl_mm_map map{};
  const uint64_t base = config.break_base;
  map.start_code = map.end_code = map.start_data = map.end_data = map.start_brk = map.brk = base;
  map.start_code -= 1;
  map.start_stack = map.arg_start = map.arg_end = map.env_start = map.env_end = base;
  map.exe_fd = ~0u;
  if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) != 0) return false;
  return mmap(at(obstacle(config)), page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED;
}

}  // namespace

std::span<const uint16_t> Child::own_calls() {
  static constexpr std::array<uint16_t, 21> calls{
      SYS_close, SYS_openat, SYS_getdents64, SYS_listxattr, SYS_removexattr, SYS_unlinkat, SYS_chdir, SYS_newfstatat, SYS_close_range, SYS_umask, SYS_chmod,
      SYS_chown, SYS_dup, SYS_munmap, SYS_munlockall, SYS_brk, SYS_mprotect, SYS_mmap, SYS_wait4, SYS_prlimit64, SYS_clone,
  };
  return calls;
}

bool Child::prepare() {
  struct sigaction action {};
  action.sa_handler = on_nudge;  // without SA_RESTART: the call gives EINTR
  if (sigaction(nudge_signal, &action, nullptr) != 0) return false;
  struct sigaction fault {};
  fault.sa_handler = on_fault;
  fault.sa_flags = SA_NODEFER;  // it does not return
  if (sigaction(SIGSEGV, &fault, nullptr) != 0 || sigaction(SIGBUS, &fault, nullptr) != 0) return false;
  std::byte* const slots = at(fuzz::slots_base);
  const size_t size = fuzz::unmapped_base - fuzz::slots_base;
  if (mmap(slots, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != slots) return false;
  if (mprotect(at(fuzz::read_only_base), page_size, PROT_READ) != 0) return false;
  return place_break(place_.config);
}

void Child::run() {
  for (uint32_t resource = 0; resource < limits_.size(); ++resource) kernel(SYS_prlimit64, 0, resource, 0, &limits_[resource]);
  restore();
  Desk& desk = *place_.desk;
  for (;;) {
    const uint32_t answered = desk.answered;
    while (desk.asked == answered) futex_wait(desk.asked, answered, std::chrono::hours(1));
    serve();
    desk.answered = answered + 1;
    futex_wake(desk.answered);
  }
}

void Child::serve() {
  Desk& desk = *place_.desk;
  std::byte* record = place_.memory.data() + desk.offset;
  for (uint32_t program = desk.first; program < desk.end; ++program) {
    desk.program.store(program, std::memory_order_relaxed);
    record = run_program(record);
  }
}

std::byte* Child::run_program(std::byte* record) {
  // SAFETY: the parent wrote the records, in this very layout, before it asked.
  const auto& program = *reinterpret_cast<const ProgramRecord*>(record);
  record += sizeof(ProgramRecord);
  slots_used_ = std::min<size_t>(program.slots_used, fuzz::unmapped_base - fuzz::slots_base);
  bool goes_on = true;
  for (uint32_t index = 0; index < program.call_count; ++index) {
    auto& call = *reinterpret_cast<CallRecord*>(record);
    std::byte* const slots = record + sizeof(CallRecord);
    if (goes_on && call.manner != Manner::skip) {
      place_.desk->call.store(index, std::memory_order_relaxed);
      lay_in(slots, call.slot_count);
      goes_on = run_call(call);
      take_out(slots, call.slot_count);
    }
    record = slots;
    for (uint8_t slot = 0; slot < call.slot_count; ++slot) {
      const auto& head = *reinterpret_cast<const SlotRecord*>(record);
      used_edge_ |= head.address + head.size > fuzz::slots_base + edge_offset && head.address < fuzz::unmapped_base;
      record += sizeof(SlotRecord) + 2 * padded(head.size);
    }
  }
  if (!goes_on) traces_ = {};  // the worlds have parted: who knows
  restore();
  return record;
}

// Whether the program goes on.
bool Child::run_call(CallRecord& call) {
  auto& calls = place_.desk->calls;
  calls.store(calls.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  nudged = 0;
  switch (call.manner) {
    case Manner::spawn: call.result = raw_spawn(call.number, call.registers); break;
    case Manner::end:
      // The process made for it is ours, not the program's to be limited.
      if (used_limits_) kernel(SYS_prlimit64, 0, RLIMIT_NPROC, &limits_[RLIMIT_NPROC], 0);
      call.result = end_with(call.number, call.registers[0]);
      break;
    default: call.result = raw_call(call.number, call.registers);
  }
  if (call.manner == Manner::spawn && !is_error(call.result)) reap();
  call.state = nudged != 0 && call.result == -EINTR ? State::blocked : State::returned;
  note_traces(call);
  if ((call.number == SYS_mmap || call.number == SYS_mremap) && !is_error(call.result) && word(call.result) >= guest_end) {
    kernel(SYS_munmap, call.result, call.number == SYS_mmap ? call.registers[1] : call.registers[2]);  // out of place
  }
  return call.state == State::returned && is_error(call.result) == is_error(call.expected);
}

void Child::note_traces(const CallRecord& call) {
  const Effect effect = effect_of(call.number);
  used_limits_ |= effect == Effect::limits;  // prlimit64(2) may fail when it has set one
  if (is_error(call.result) && effect != Effect::writing) return;
  traces_.files |= effect == Effect::writing;
  traces_.files |= effect == Effect::files || effect == Effect::attributes;
  traces_.attributes |= effect == Effect::attributes;
  used_memory_ |= effect == Effect::memory;
  if (call.descriptors == 0) return;
  // Free numbers are given out from the lowest on, except where the program names one.
  traces_.descriptors += call.descriptors;
  const auto named = static_cast<uint64_t>(call.result);
  if (named < place_.config.descriptors_max && named >= traces_.descriptors) traces_.descriptors = static_cast<uint32_t>(named) + 1;
}

void Child::restore() {
  if (used_limits_) {
    for (uint32_t resource = 0; resource < limits_.size(); ++resource) kernel(SYS_prlimit64, 0, resource, &limits_[resource], 0);
  }
  if (used_memory_) restore_memory();
  restore_slots();
  restore_root(traces_);
  traces_ = {.descriptors = 3, .files = false, .attributes = false};
  used_memory_ = used_limits_ = false;
}

// Zeros, but for the second half of the page that can only be read: no text ends there.
void Child::restore_slots() {
  fill_bytes(at(fuzz::slots_base), 0, std::min<size_t>(slots_used_, edge_offset));
  if (slots_used_ <= edge_offset && !used_edge_) return;
  const Unlocked unlocked(fuzz::read_only_base, page_size);
  fill_bytes(at(fuzz::slots_base + edge_offset), 0, page_size + page_size / 2);
  fill_bytes(at(fuzz::read_only_base + page_size / 2), static_cast<int>(fuzz::guard_byte), page_size / 2);
  used_edge_ = false;
}

void Child::restore_memory() {
  kernel(SYS_munlockall);
  // The break goes back only where there is a heap to take away: a program may have unmapped it.
  const uint64_t base = place_.config.break_base;
  const auto end = static_cast<uint64_t>(kernel(SYS_brk, 0));
  if (end != base) kernel(SYS_mmap, base, end - base, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  kernel(SYS_brk, base);
  const uint64_t wall = obstacle(place_.config);
  kernel(SYS_munmap, 0, fuzz::slots_base);
  kernel(SYS_munmap, fuzz::unmapped_base, wall - fuzz::unmapped_base);
  kernel(SYS_munmap, wall + page_size, guest_end - wall - page_size);
}

}  // namespace cupel::host
