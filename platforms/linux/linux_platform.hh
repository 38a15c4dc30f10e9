#pragma once
#include "libos/platform/platform.hh"
#include "platforms/linux/shared_state.hh"
#include "platforms/linux/streams.hh"
#include "platforms/linux/tree_client.hh"

namespace cupel::on_linux {

// A machine on Linux: each of its processes is a host process, each of its tasks a host thread, and a page of theirs is a
// page of the arena, mapped where the guest has it once it is touched. The object itself is private to each host process; what
// they share is shared().
class LinuxPlatform final : public platform::Platform {
 public:
  LinuxPlatform(Kernel& kernel, int arena_descriptor) : kernel_(kernel), arena_descriptor_(arena_descriptor) {}

  // Makes the calling thread the one that runs `tid`, before anything of guest code exists.
  Slot& adopt(int32_t tid);
  // Never comes back: the adopted task runs what replace() gave it.
  [[noreturn]] void run(Slot& slot);
  Kernel& kernel() { return kernel_; }
  int arena_descriptor() const { return arena_descriptor_; }
  Streams& host_streams() { return streams_; }
  static Slot& current();

  // Makes [page] usable by guest code for `wanted`, and maps it in this host process. EFAULT where libos refuses. With the
  // machine lock held.
  Result<> touch(platform::Space space, uint64_t address, platform::Access wanted);
  // Unmaps what another process of the machine took away.
  void answer_shootdown();
  // The new host process of a task that was started or moved: nothing of its guest's memory is mapped.
  void enter_process(Slot& slot);

  // --- platform::Platform ---
  Result<platform::Space> new_space(platform::FaultHandler& handler) override;
  void drop_space(platform::Space space) override;
  Result<> map(platform::Space space, uint64_t page_address, std::byte* frame, platform::Access access) override;
  void unmap(platform::Space space, uint64_t page_address, uint64_t page_count) override;
  void protect(platform::Space space, uint64_t page_address, uint64_t page_count, platform::Access access) override;
  size_t copy_in(platform::Space space, uint64_t address, std::span<std::byte> out) override;
  size_t copy_out(platform::Space space, uint64_t address, std::span<const std::byte> bytes) override;
  Result<uint32_t> compare_exchange(platform::Space space, uint64_t address, uint32_t expected, uint32_t desired) override;
  platform::Woken wait(std::atomic<uint32_t>& word, uint32_t expected, platform::Nanoseconds deadline) override;
  void wake(std::atomic<uint32_t>& word, uint32_t count) override;
  platform::Nanoseconds now(platform::ClockBase clock) override;
  void random(std::span<std::byte> out) override;
  void alarm_at(platform::Nanoseconds when) override;
  size_t save_vectors(std::span<std::byte, vectors_size_max> out) override;
  void restore_vectors(std::span<std::byte, vectors_size_max> image) override;
  Result<> start(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) override;
  void replace(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) override;
  platform::GuestRegisters& registers(int32_t tid) override;
  void interrupt(int32_t tid) override;
  void stop(int32_t tid) override;
  bool granted(uint32_t) override { return true; }
  platform::HostStreams* streams() override { return &streams_; }
  platform::HostTree* tree() override { return &tree_; }
  void console(std::span<const std::byte> bytes) override;
  [[noreturn]] void terminate(uint32_t reason) override;

 private:
  static constexpr uint32_t nowhere = UINT32_MAX;
  // Pages whose frames lie behind one another.
  struct Run {
    uint64_t page = 0, count = 0;
    std::byte* frame = nullptr;
    platform::Access access = platform::Access::none;
  };

  static SpaceState& state(platform::Space space);
  bool is_here(platform::Space space) const { return static_cast<uint32_t>(space) == space_here_; }
  std::byte* frame_for(platform::Space space, uint64_t address, platform::Access want);
  template <class Move>
  size_t each_page(platform::Space space, uint64_t address, size_t size, platform::Access want, Move move);
  Slot* find(int32_t tid);
  Slot* take_slot(int32_t tid, platform::Space space, const platform::GuestRegisters& registers);
  bool alone(const Slot& slot);

  // --- this process's mappings (host_mapping.cc) ---
  bool map_in_host(const Run& run);  // false: the host has no room for one more mapping
  void unmap_in_host(uint64_t page, uint64_t count);
  void unmap_all_in_host();
  void unmap_elsewhere(const SpaceState& space, uint64_t address, uint64_t size);

  Kernel& kernel_;
  int arena_descriptor_;
  TreeClient tree_;
  Streams streams_;
  uint32_t space_here_ = nowhere;  // whose pages this process has mapped
};

}  // namespace cupel::on_linux
