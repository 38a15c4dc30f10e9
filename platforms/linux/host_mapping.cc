// LinuxPlatform's mappings in the host process: guest pages are pages of the arena's file, mapped shared.
#include <linux/futex.h>
#include <sys/mman.h>

#include "libos/base/check.hh"
#include "platforms/linux/host_call.hh"
#include "platforms/linux/linux_platform.hh"

namespace cupel::on_linux {

using platform::Access;

bool LinuxPlatform::map_in_host(const Run& run) {
  const uint64_t protection = (allows(run.access, Access::read) ? PROT_READ : 0u) | (allows(run.access, Access::write) ? PROT_WRITE : 0u) |
                              (allows(run.access, Access::execute) ? PROT_EXEC : 0u);
  const uint64_t offset = address_of(run.frame) - shared_base;
  const int64_t mapped = host_call(__NR_mmap, run.page * page_size, run.count * page_size, protection, MAP_SHARED | MAP_FIXED | MAP_POPULATE,
                                   static_cast<uint64_t>(arena_descriptor_), offset);
  return mapped == static_cast<int64_t>(run.page * page_size);
}

void LinuxPlatform::unmap_in_host(uint64_t page, uint64_t count) { CHECK(host_call(__NR_munmap, page * page_size, count * page_size) == 0); }

void LinuxPlatform::unmap_all_in_host() { unmap_in_host(0, guest_end / page_size); }

// Only truncating a file that others map, and moving it, come here: the caller holds the machine lock, so there is one at a time.
void LinuxPlatform::unmap_elsewhere(const SpaceState& space, uint64_t address, uint64_t size) {
  if (space.host_pid == 0) return;
  Shootdown& order = shared().shootdown;
  order.address = address, order.size = size;
  const auto pid = static_cast<uint32_t>(space.host_pid);
  order.target_pid.store(pid, std::memory_order_release);
  const timespec patience{0, 1'000'000};
  while (order.target_pid.load(std::memory_order_acquire) == pid) {
    // A process that is gone has nothing mapped.
    if (host_call(__NR_kill, pid, kick_signal) != 0) order.target_pid.store(0, std::memory_order_relaxed);
    else host_call(__NR_futex, address_of(&order.target_pid), FUTEX_WAIT, pid, address_of(&patience));
  }
}

void LinuxPlatform::answer_shootdown() {
  Shootdown& order = shared().shootdown;
  const uint32_t pid = order.target_pid.load(std::memory_order_acquire);
  if (pid == 0 || pid != static_cast<uint32_t>(current().host_pid)) return;
  host_call(__NR_munmap, order.address, order.size);
  order.target_pid.store(0, std::memory_order_release);
  host_call(__NR_futex, address_of(&order.target_pid), FUTEX_WAKE, 1);
}

void LinuxPlatform::enter_process(Slot& slot) {
  slot.host_pid = static_cast<int32_t>(host_call(__NR_getpid));
  unmap_all_in_host();
  space_here_ = static_cast<uint32_t>(slot.space);
  state(slot.space).host_pid = slot.host_pid;
}

}  // namespace cupel::on_linux
