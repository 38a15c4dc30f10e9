#pragma once
#include "fuzz/snp/guest_target.hh"
#include "platforms/mock/mock_platform.hh"
#include "platforms/snp/south.hh"

// The platform of a machine that runs in an SNP guest: tasks, page tables and sleep are the deterministic mock's, as guest code
// does not run in a test; memory, time, chance, timers and the console are those of platforms/snp, under a hostile hypervisor.
namespace cupel::fuzz::snp {

class SouthPlatform final : public platform::Platform {
 public:
  using South = cupel::snp::South<Hardware>;
  explicit SouthPlatform(mock::MockPlatform& below) : below_(below) {}

  // From now on all goes through the boundary; nullptr: nothing does.
  void attach(Hardware* hardware, South* south);

  // --- platform::Platform ---
  Result<platform::Space> new_space(platform::FaultHandler& handler) override { return below_.new_space(handler); }
  void drop_space(platform::Space space) override { below_.drop_space(space); }
  Result<> map(platform::Space space, uint64_t page_address, std::byte* frame, platform::Access access) override;
  void unmap(platform::Space space, uint64_t page_address, uint64_t page_count) override { below_.unmap(space, page_address, page_count); }
  void protect(platform::Space space, uint64_t page_address, uint64_t page_count, platform::Access access) override { below_.protect(space, page_address, page_count, access); }
  size_t copy_in(platform::Space space, uint64_t address, std::span<std::byte> out) override;
  size_t copy_out(platform::Space space, uint64_t address, std::span<const std::byte> bytes) override;
  Result<uint32_t> compare_exchange(platform::Space space, uint64_t address, uint32_t expected, uint32_t desired) override;
  platform::Woken wait(std::atomic<uint32_t>& word, uint32_t expected, platform::Nanoseconds deadline) override;
  void wake(std::atomic<uint32_t>& word, uint32_t count) override { below_.wake(word, count); }
  platform::Nanoseconds now(platform::ClockBase clock) override;
  void random(std::span<std::byte> out) override;
  Result<> start(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) override { return below_.start(tid, space, registers); }
  void replace(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) override { below_.replace(tid, space, registers); }
  platform::GuestRegisters& registers(int32_t tid) override { return below_.registers(tid); }
  void stop(int32_t tid) override { below_.stop(tid); }
  bool granted(uint32_t call_number) override { return below_.granted(call_number); }
  void console(std::span<const std::byte> bytes) override;
  [[noreturn]] void terminate(uint32_t reason) override { below_.terminate(reason); }

  // Runs a piece of the guest side, on a task's fiber; where that ends the guest, the machine stands. Nothing is thrown through libos.
  template <class Piece>
  void cross(Piece piece) {
    bool stopped = false;
    try {
      piece(*south_);
      hardware_->end_operation();
    } catch (const mock_snp::GuestStopped&) {
      stopped = true;
    }
    if (stopped) below_.halt();
  }

 private:
  bool outside() const { return south_ == nullptr || !below_.in_task(); }
  // The frame of guest memory in which a frame of the arena lies.
  std::optional<uint64_t> frame_of(const std::byte* frame);
  template <class Touch>
  void touch(platform::Space space, uint64_t address, size_t size, Touch touch_word);

  mock::MockPlatform& below_;
  Hardware* hardware_ = nullptr;
  South* south_ = nullptr;
  std::vector<std::pair<const std::byte*, uint64_t>> frames_;  // few: sorted by address
  platform::Nanoseconds last_now_ = 0;
};

}  // namespace cupel::fuzz::snp
