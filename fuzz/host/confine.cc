#include "fuzz/host/confine.hh"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "libos/base/page.hh"

namespace cupel::host {
namespace {

bool refuse(Refusal& refusal, const char* step) {
  refusal = {step, errno};
  return false;
}

// What uid 0 may do with files that are not its own, and how ids change hands. CAP_SYS_ADMIN, CAP_SYS_TIME,
// CAP_SYS_MODULE, CAP_SYS_PTRACE, CAP_NET_ADMIN and all the others are gone.
constexpr uint64_t kept_capabilities = uint64_t{1} << CAP_CHOWN | uint64_t{1} << CAP_DAC_OVERRIDE | uint64_t{1} << CAP_DAC_READ_SEARCH |
                                       uint64_t{1} << CAP_FOWNER | uint64_t{1} << CAP_FSETID;

// As far as we were not started under a lower one.
bool limit_if_higher(decltype(RLIMIT_AS) resource, uint64_t soft, uint64_t hard, const char* step, Refusal& refusal) {
  rlimit now{};
  if (getrlimit(resource, &now) != 0) return refuse(refusal, step);
  const rlimit both{std::min<uint64_t>(soft, now.rlim_max), std::min<uint64_t>(hard, now.rlim_max)};
  return setrlimit(resource, &both) == 0 || refuse(refusal, step);
}

bool limit(decltype(RLIMIT_AS) resource, uint64_t value, const char* step, Refusal& refusal) {
  const rlimit both{value, value};
  return setrlimit(resource, &both) == 0 || refuse(refusal, step);
}

}  // namespace

uint64_t address_space_size() {
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[64] = {};
  const ssize_t size = read(file, text, sizeof(text) - 1);
  close(file);
  uint64_t pages = 0;
  for (ssize_t at = 0; at < size && text[at] >= '0' && text[at] <= '9'; ++at) pages = pages * 10 + static_cast<uint64_t>(text[at] - '0');
  return pages * page_size;
}

bool enter_empty_root(const Confinement& confinement, Refusal& refusal) {
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return refuse(refusal, "making the mounts private");
  char options[96];
  std::snprintf(options, sizeof(options), "mode=0755,nr_inodes=65536,size=%llu", static_cast<unsigned long long>(confinement.storage_max));
  // Any folder does: the mount over it is seen by nobody else.
  const char* place = nullptr;
  for (const char* folder : {"/tmp", "/dev/shm", "/mnt", "/var"}) {
    if (mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0) {
      place = folder;
      break;
    }
  }
  if (place == nullptr) return refuse(refusal, "mounting a tmpfs");
  // pivot_root(".", ".") stacks the old root over the new one, from where it is taken off (pivot_root(2)).
  if (chdir(place) != 0) return refuse(refusal, "entering the tmpfs");
  if (syscall(SYS_pivot_root, ".", ".") != 0) return refuse(refusal, "changing the root");
  if (umount2(".", MNT_DETACH) != 0) return refuse(refusal, "leaving the old root");
  if (chdir("/") != 0) return refuse(refusal, "entering the new root");
  return true;
}

bool limit_resources(const Confinement& confinement, uint64_t address_space, Refusal& refusal) {
  const uint64_t memory_max = address_space == 0 ? RLIM_INFINITY : address_space + confinement.memory_max;
  return limit(RLIMIT_NOFILE, confinement.descriptors_max, "limiting descriptors", refusal) &&
         limit(RLIMIT_FSIZE, confinement.file_size_max, "limiting file sizes", refusal) &&
         limit(RLIMIT_AS, memory_max, "limiting memory", refusal) && limit(RLIMIT_CORE, 0, "limiting core dumps", refusal) &&
         limit_if_higher(RLIMIT_NPROC, confinement.processes_max, confinement.processes_max, "limiting processes", refusal) &&
         limit_if_higher(RLIMIT_MEMLOCK, confinement.locked_max, confinement.locked_max, "limiting locked memory", refusal) &&
         limit_if_higher(RLIMIT_SIGPENDING, confinement.signals_max, confinement.signals_max, "limiting signals", refusal) &&
         limit_if_higher(RLIMIT_STACK, 8 << 20, RLIM_INFINITY, "limiting the stack", refusal) &&
         limit_if_higher(RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY, "not limiting data", refusal) &&
         limit(RLIMIT_MSGQUEUE, 819'200, "limiting message queues", refusal) && limit(RLIMIT_NICE, 0, "limiting priorities", refusal) &&
         limit(RLIMIT_RTPRIO, 0, "limiting priorities", refusal);
}

bool drop_capabilities(Refusal& refusal) {
  for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if ((kept_capabilities >> capability & 1) == 0 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      return refuse(refusal, "dropping capabilities from the bounding set");
    }
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const auto low = static_cast<uint32_t>(kept_capabilities), high = static_cast<uint32_t>(kept_capabilities >> 32);
  const __user_cap_data_struct sets[2]{{low, low, 0}, {high, high, 0}};
  if (syscall(SYS_capset, &header, sets) != 0) return refuse(refusal, "dropping capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refuse(refusal, "forbidding new privileges");
  return true;
}

bool filter_calls(std::span<const uint16_t> calls, Refusal& refusal) {
  static constexpr size_t calls_max = 240;  // a conditional jump reaches 255 instructions far
  if (calls.size() > calls_max) {
    errno = E2BIG;
    return refuse(refusal, "filtering system calls");
  }
  std::array<sock_filter, calls_max + 5 + 4> program{};
  size_t size = 0;
  const auto add = [&](sock_filter instruction) { program[size++] = instruction; };
  static constexpr std::array always{SYS_futex, SYS_exit, SYS_exit_group, SYS_rt_sigreturn};
  const auto count = static_cast<uint8_t>(calls.size() + always.size());
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, static_cast<uint8_t>(count + 1)));
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  uint8_t left = count;
  const auto allow = [&](long call) { add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), left--, 0)); };
  for (uint16_t call : calls) allow(call);
  for (long call : always) allow(call);
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(size), program.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) return refuse(refusal, "filtering system calls");
  return true;
}

}  // namespace cupel::host
