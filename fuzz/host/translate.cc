#include "fuzz/host/translate.hh"

#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "fuzz/host/child.hh"
#include "fuzz/program/program.hh"
#include "libos/base/page.hh"
#include "libos/task/limits.hh"

namespace cupel::host {
namespace {

using interface::ArgDesc;
using interface::Kind;
using interface::Outcome;

constexpr std::string_view others_memory = "an address of the child's own";
constexpr std::string_view own_pages = "changes the pages of the arguments";
constexpr std::string_view ends_task = "ends the task";
constexpr std::string_view hard_limit = "a hard limit, once lower, could not be raised again";
constexpr std::string_view harsh_limit = "a limit that the child itself could not live under";
constexpr std::string_view torn_write = "a write that faults leaves pages and a new size behind in tmpfs";
constexpr std::string_view low_address = "an address whose use is for the host's administrator to allow";
constexpr std::string_view error_address = "an address that the kernel takes for one of its errors";
constexpr std::string_view makes_namespace = "makes a namespace";
constexpr std::string_view makes_task = "makes a task";
constexpr std::string_view other_task = "made by another task";
constexpr std::string_view odd_time = "waits for a time that lies where others look";
constexpr std::string_view mishap = "the machine's memory is full";
constexpr std::string_view own_clock = "starts a clock that runs at another speed";
constexpr std::string_view lasting_priority = "a priority or policy that the child could not take back, or that the host may refuse";
constexpr std::string_view lasting_memory = "memory stays registered for barriers as long as the child lives";
constexpr std::string_view slow_barrier = "waits for every processor of the host";
constexpr std::string_view lasting_persona = "a persona, which the host may refuse";
constexpr std::string_view other_processors = "which processors there are is the machine's to say";
constexpr std::string_view own_groups = "which groups the child is in is the host's to say";
constexpr std::string_view other_id = "an id that only the sandbox has, whose root could not be got back from it";
constexpr std::string_view unknown_id = "an id that the sandbox does not have";

// Calls that wait for time to pass. In a world of one task nothing else can end the wait, so that no time at all gives
// the same answer.
struct Wait {
  uint16_t number;
  uint8_t reg;
  enum class Unit : uint8_t { timespec, timeval, milliseconds } unit;
};
constexpr std::array wait_table{
    Wait{SYS_nanosleep, 0, Wait::Unit::timespec}, Wait{SYS_clock_nanosleep, 2, Wait::Unit::timespec},
    Wait{SYS_futex, 3, Wait::Unit::timespec},     Wait{SYS_ppoll, 2, Wait::Unit::timespec},
    Wait{SYS_poll, 2, Wait::Unit::milliseconds},   Wait{SYS_epoll_wait, 3, Wait::Unit::milliseconds},
    Wait{SYS_epoll_pwait, 3, Wait::Unit::milliseconds}, Wait{SYS_epoll_pwait2, 3, Wait::Unit::timespec},
    Wait{455, 4, Wait::Unit::timespec},  // futex_wait(2)
    Wait{SYS_select, 4, Wait::Unit::timeval},     Wait{SYS_pselect6, 4, Wait::Unit::timespec},
};

constexpr std::array<int, 4> spawning{SYS_clone, SYS_fork, SYS_vfork, SYS_clone3};

// Where a call fails for a range in the middle, it has changed what lies before it.
constexpr std::array<int, 9> partial{SYS_mmap, SYS_mprotect, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mlock, SYS_mlock2, SYS_munlock, SYS_timerfd_settime};

constexpr std::array<int, 5> writing{SYS_write, SYS_writev, SYS_pwrite64, SYS_pwritev, SYS_pwritev2};

template <size_t count>
bool is_among(const std::array<int, count>& numbers, uint64_t number) {
  return std::ranges::find(numbers, static_cast<int>(number)) != numbers.end();
}

bool is_pointer(Kind kind) {
  return kind == Kind::in || kind == Kind::out || kind == Kind::in_out || kind == Kind::in_buffer || kind == Kind::out_buffer ||
         kind == Kind::in_vector || kind == Kind::out_vector || kind == Kind::in_array || kind == Kind::in_out_array ||
         kind == Kind::path || kind == Kind::string || kind == Kind::futex;
}

constexpr uint64_t namespace_flags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr uint64_t lowest_address = 65536;  // vm.mmap_min_addr, as the kernel has it by default

bool is_childs(uint64_t address) { return address >= guest_end && address < user_limit; }

// Whether [base, base + size) has bytes of [low, high). A range that wraps is refused by every call before it looks.
bool overlaps(uint64_t base, uint64_t size, uint64_t low, uint64_t high) {
  return size > 0 && base + size > base && base < high && base + size > low;
}

// A range whose pages change: none of the child's, and none of those that arguments lie in.
std::string_view objection_to_range(uint64_t base, uint64_t size, const libos::Config& config) {
  const uint64_t wall = config.break_base + config.break_size_max;
  size = size > user_limit ? size : (size + page_size - 1) & ~(page_size - 1);
  base &= ~(page_size - 1);
  if (overlaps(base, size, guest_end, user_limit)) return others_memory;
  if (overlaps(base, size, fuzz::slots_base, fuzz::unmapped_base) || overlaps(base, size, wall, wall + 2 * page_size)) return own_pages;
  return {};
}

std::string_view objection_to_vector(const RecordedCall& call, const ArgDesc& desc) {
  constexpr uint64_t elements_max = 1024;
  const uint64_t array = call.registers[desc.reg];
  const uint64_t count = std::min(call.registers[desc.reg + 1u], elements_max);
  for (uint64_t index = 0; index < count; ++index) {
    const auto bytes = bytes_at(call, array + index * sizeof(interface::IoVec), sizeof(interface::IoVec));
    if (bytes.empty()) return {};  // EFAULT, or bytes of a mapping
    interface::IoVec element{};
    std::memcpy(&element, bytes.data(), sizeof(element));
    if (is_childs(element.base)) return others_memory;
  }
  return {};
}

std::string_view objection_to_struct(const RecordedCall& call, const ArgDesc& desc) {
  for (const interface::FieldDesc& field : desc.element->fields) {
    if (field.kind != Kind::address || field.size != sizeof(uint64_t)) continue;
    const auto bytes = bytes_at(call, call.registers[desc.reg] + field.offset, sizeof(uint64_t));
    if (bytes.empty()) return {};  // EFAULT, or bytes of a mapping
    uint64_t address = 0;
    std::memcpy(&address, bytes.data(), sizeof(address));
    if (is_childs(address)) return others_memory;
  }
  return {};
}

// An address that no page is changed at: brk(2)'s is bounded by the kernel, mmap(2)'s is pinned below.
bool is_hint(const RecordedCall& call) {
  return call.desc->number == SYS_brk || (call.desc->number == SYS_mmap && (call.registers[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == 0);
}

bool is_exit(const interface::CallDesc& desc) { return desc.number == SYS_exit || desc.number == SYS_exit_group; }

// A limit that has changed: the child has to live under it until the program ends, and to be able to take it back.
std::string_view objection_to_limit(const RecordedCall& call, const Limits& limits) {
  const bool by_id = call.desc->number == SYS_prlimit64;
  if (call.desc->number != SYS_setrlimit && !by_id) return {};
  const uint64_t resource = static_cast<uint32_t>(call.registers[by_id ? 1 : 0]), address = call.registers[by_id ? 2 : 1];
  // prlimit64(2) may say EFAULT for the old limit when it has set the new one.
  const bool may_be_set = !call.failed() || (by_id && call.value == -EFAULT && call.registers[3] != 0);
  if (address == 0 || !may_be_set) return {};
  const auto bytes = bytes_at(call, address, sizeof(rlimit));
  if (bytes.empty()) return hard_limit;  // it lies where only the guest looks
  rlimit wanted{};
  std::memcpy(&wanted, bytes.data(), sizeof(wanted));
  if (resource >= libos::limits_count || wanted.rlim_cur > wanted.rlim_max) return {};
  libos::Limits initial(limits.config);
  if (wanted.rlim_max < initial[libos::LimitOf(resource)].hard) return hard_limit;
  constexpr std::array harsh{RLIMIT_CPU, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_AS, RLIMIT_RTTIME};
  return std::ranges::find(harsh, static_cast<int>(resource)) == harsh.end() ? std::string_view{} : harsh_limit;
}

// What a task asks of the scheduler: where it is refused, nothing stays of it.
std::string_view objection_to_schedule(const RecordedCall& call) {
  constexpr uint64_t extensible = 7, reset_on_fork = 0x4000'0000;
  switch (call.desc->number) {
    case SYS_sched_setscheduler:
      if ((call.registers[1] & ~reset_on_fork & UINT32_MAX) == extensible) return lasting_priority;
      [[fallthrough]];
    case SYS_setpriority:
    case SYS_sched_setparam: return call.failed() ? std::string_view{} : lasting_priority;
    case SYS_sched_setaffinity: {
      const bool looked_at = static_cast<uint32_t>(call.registers[1]) <= sizeof(uint64_t);
      return call.value == -EFAULT || (call.value == -ESRCH && looked_at) ? std::string_view{} : other_processors;
    }
    default: return {};
  }
}

// What memory is registered for, and a persona: the one is never taken back, the other not everywhere granted.
std::string_view objection_to_standing(const RecordedCall& call) {
  const auto what = static_cast<uint32_t>(call.registers[0]);
  if (call.desc->number == SYS_personality) return what == UINT32_MAX ? std::string_view{} : lasting_persona;
  if (call.desc->number != SYS_membarrier) return {};
  if (what == MEMBARRIER_CMD_GLOBAL && !call.failed()) return slow_barrier;
  constexpr uint32_t get_registrations = 512;
  return call.value == -EPERM || what == get_registrations ? lasting_memory : std::string_view{};
}

// Who the child is: it stays the sandbox's root.
std::string_view objection_to_identity(const RecordedCall& call) {
  constexpr std::array becoming{SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid};
  const int64_t number = call.desc->number;
  if (number == SYS_getgroups && !call.failed()) return own_groups;
  if (number == SYS_setgroups) return own_groups;  // refused before its arguments are looked at
  if (!is_among(becoming, call.desc->number)) return {};
  for (const ArgDesc& arg : call.desc->args()) {
    const auto id = static_cast<uint32_t>(call.registers[arg.reg]);
    if (id != 0 && id != UINT32_MAX) return other_id;
  }
  return {};
}

std::string_view objection_to_arguments(const RecordedCall& call, const Limits& limits) {
  const interface::CallDesc& desc = *call.desc;
  uint64_t length = 0;
  bool has_length = false;
  for (const ArgDesc& arg : desc.args()) {
    if (arg.kind != Kind::length) continue;
    length = std::max(length, call.registers[arg.reg]);
    has_length = true;
  }
  for (const ArgDesc& arg : desc.args()) {
    const uint64_t value = call.registers[arg.reg];
    std::string_view objection;
    if (is_pointer(arg.kind) && is_childs(value)) objection = others_memory;
    if (arg.kind == Kind::in_vector || arg.kind == Kind::out_vector) objection = objection_to_vector(call, arg);
    if (arg.kind == Kind::in && objection.empty()) objection = objection_to_struct(call, arg);
    if (arg.kind == Kind::address && !is_hint(call)) {
      // Without a length it is no range of pages but a pointer at something that libos has no struct for.
      if (has_length) objection = objection_to_range(value, length, limits.config);
      else if (is_childs(value)) objection = others_memory;
    }
    if (arg.kind == Kind::user && static_cast<uint32_t>(value) != UINT32_MAX && static_cast<uint32_t>(value) > limits.ids_max) objection = unknown_id;
    if (!objection.empty()) return objection;
  }
  return {};
}

// Time is virtual in libos: what a running timer says depends on how long programs take, unless it ran out long ago, once.
bool starts_clock(const RecordedCall& call) {
  if (call.desc->number != SYS_timerfd_settime || (call.failed() && call.value != -EFAULT)) return false;  // which may come when it runs
  struct {
    int64_t interval[2], value[2];
  } timer;
  const auto bytes = bytes_at(call, call.registers[2], sizeof(timer));
  if (bytes.empty()) return true;
  std::memcpy(&timer, bytes.data(), sizeof(timer));
  const bool runs = timer.value[0] != 0 || timer.value[1] != 0;
  const bool once = timer.interval[0] == 0 && timer.interval[1] == 0;
  const bool is_over = (call.registers[1] & 1) != 0 && timer.value[0] == 0 && once;
  return runs && !is_over;
}

std::string_view objection_to(const RecordedCall& call, const Limits& limits) {
  if (call.mishap) return mishap;
  if (starts_clock(call)) return own_clock;
  if (call.tid != limits.first_task) return other_task;
  if (call.kind == Outcome::Kind::ended && !is_exit(*call.desc)) return ends_task;
  if (const auto objection = objection_to_limit(call, limits); !objection.empty()) return objection;
  if (const auto objection = objection_to_schedule(call); !objection.empty()) return objection;
  if (const auto objection = objection_to_standing(call); !objection.empty()) return objection;
  if (const auto objection = objection_to_identity(call); !objection.empty()) return objection;
  if (is_among(spawning, call.desc->number) && !call.failed()) return makes_task;
  if (call.desc->number == SYS_clone && (call.registers[0] & namespace_flags) != 0) return makes_namespace;
  if (is_among(writing, call.desc->number) && call.value == -EFAULT) return torn_write;
  const bool fixed = call.desc->number == SYS_mmap && (call.registers[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
  if (fixed && call.registers[0] < lowest_address) return low_address;
  if (fixed && call.registers[0] >= ~uint64_t{4094}) return error_address;
  return objection_to_arguments(call, limits);
}

// The kernel would choose another place for a mapping than the machine has for it.
void pin(const RecordedCall& call, CallRecord& record) {
  if (call.failed()) return;
  if (call.desc->number == SYS_mmap && (call.registers[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == 0) {
    record.registers[0] = static_cast<uint64_t>(call.value);
    // MAP_SHARED_VALIDATE does not know the newer flag.
    record.registers[3] |= (record.registers[3] & MAP_TYPE) == MAP_SHARED_VALIDATE ? MAP_FIXED : MAP_FIXED_NOREPLACE;
  } else if (call.desc->number == SYS_mremap && static_cast<uint64_t>(call.value) != call.registers[0]) {
    record.registers[3] |= MREMAP_FIXED;
    record.registers[4] = static_cast<uint64_t>(call.value);
  }
}

// How large a table of descriptors is, and so how many of select(2)'s bits are looked at, is the kernel's to say; libos's begins with
// as few as Linux's does.
void narrow(const RecordedCall& call, CallRecord& record) {
  constexpr int32_t table_size = 64;
  const bool selects = call.desc->number == SYS_select || call.desc->number == SYS_pselect6;
  if (selects && static_cast<int32_t>(call.registers[0]) > table_size) record.registers[0] = table_size;
  // So is how long a mask of processors is; libos's is one word.
  if (call.desc->number == SYS_sched_getaffinity && !call.failed()) record.registers[1] = sizeof(uint64_t);
}

void shorten(const RecordedCall& call, Translation& out) {
  const auto wait = std::ranges::find(wait_table, call.desc->number, &Wait::number);
  if (wait == wait_table.end()) return;
  uint64_t& value = out.record.registers[wait->reg];
  if (wait->unit == Wait::Unit::milliseconds) {
    if (static_cast<int32_t>(value) > 0) value = 0;
    return;
  }
  if (value == 0) return;
  int64_t parts[2];
  const auto bytes = bytes_at(call, value, sizeof(parts));
  const auto touches = [&](const fuzz::Extent& extent) { return overlaps(extent.address, extent.size, value, value + sizeof(parts)); };
  if (bytes.empty() || std::ranges::count_if(call.extents, touches) > 1) {
    if (!call.failed() || call.value == -ETIMEDOUT) out.not_comparable = odd_time;
    return;
  }
  std::memcpy(parts, bytes.data(), sizeof(parts));
  // Microseconds may be more than a second has.
  constexpr int64_t second_us = 1'000'000, second_ns = 1'000'000'000;
  const bool is_timeval = wait->unit == Wait::Unit::timeval;
  int64_t seconds = parts[0];
  if (is_timeval && __builtin_add_overflow(parts[0], parts[1] / second_us, &seconds)) return;
  if (seconds >= 0 && (is_timeval ? parts[1] % second_us : parts[1]) >= 0 && (is_timeval || parts[1] < second_ns)) out.timeout = value;
}

uint8_t descriptors_made(const RecordedCall& call) {
  if (call.desc->number == SYS_fcntl) return 1;
  uint8_t count = call.desc->result == Kind::new_fd ? 1 : 0;
  for (const ArgDesc& arg : call.desc->args()) {
    if (arg.element == nullptr) continue;
    for (const interface::FieldDesc& field : arg.element->fields) count = static_cast<uint8_t>(count + (field.kind == Kind::new_fd));
  }
  return count;
}

}  // namespace

std::string_view compared(const interface::CallDesc& desc) {
  if (is_exit(desc)) return "the status it ends with";
  if (is_among(spawning, desc.number)) return "failures";
  const bool writes = std::ranges::any_of(desc.args(), [](const ArgDesc& arg) {
    return arg.kind == Kind::out || arg.kind == Kind::in_out || arg.kind == Kind::out_buffer || arg.kind == Kind::out_vector || arg.kind == Kind::in_out_array;
  });
  return writes ? "result and memory" : "result";
}

Translation translate(const RecordedCall& call, const Limits& limits) {
  Translation out;
  out.record.number = call.desc->number;
  out.record.registers = call.registers;
  out.record.expected = call.value;
  out.record.manner = is_among(spawning, call.desc->number) ? Manner::spawn : is_exit(*call.desc) ? Manner::end : Manner::plain;
  out.is_last = out.record.manner == Manner::end;
  out.record.descriptors = descriptors_made(call);
  out.not_comparable = objection_to(call, limits);
  if (out.not_comparable.empty()) {
    pin(call, out.record);
    narrow(call, out.record);
    shorten(call, out);
  }
  if (!out.not_comparable.empty()) {
    out.record.manner = Manner::skip;
    out.ends = !call.failed() || is_among(partial, call.desc->number) || out.not_comparable == hard_limit || out.not_comparable == harsh_limit;
  }
  return out;
}

}  // namespace cupel::host
