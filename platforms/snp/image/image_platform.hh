#pragma once
#include <array>

#include "libos/platform/platform.hh"
#include "platforms/snp/image/clock.hh"
#include "platforms/snp/image/console_streams.hh"
#include "platforms/snp/image/guest_tables.hh"
#include "platforms/snp/image/processor.hh"

namespace cupel::image {

// A task's guest code and the kernel stack on which its calls run. Threads change places where they wait, and where the timer takes
// the processor from guest code.
struct Thread {
  enum class State : uint8_t { free, ready, waiting };
  State state = State::free;
  bool stopped = false;
  platform::Woken woken = platform::Woken::woken;
  int32_t tid = 0;
  platform::Space space{};
  platform::GuestRegisters registers{};
  FloatingState floating{};
  void* stack = nullptr;         // its lowest byte; kept for the slot's next thread
  uint64_t saved_stack = 0;      // where it stopped
  const std::atomic<uint32_t>* word = nullptr;
  platform::Nanoseconds deadline = platform::no_deadline;
};

// One processor with plain or validated memory: South for libos.
class ImagePlatform final : public platform::Platform {
 public:
  static constexpr size_t threads_max = 64, spaces_max = 64;
  static constexpr size_t stack_frames = 16;

  void set_up(uint64_t pool_start, uint64_t pool_size);
  Thread& current() { return threads_[current_]; }
  // From the boot stack: goes on as the thread that was started first.
  [[noreturn]] void run();
  // The current thread has ended: its slot is free, and others go on.
  [[noreturn]] void leave();
  // Lets the others that are ready go first.
  void yield();
  // The current thread's guest code touched that page: has it installed, or false where the guest may not.
  bool give_page(uint64_t page_address, platform::Access wanted);

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
  Result<> start(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) override;
  void replace(int32_t tid, platform::Space space, const platform::GuestRegisters& registers) override;
  platform::GuestRegisters& registers(int32_t tid) override;
  void stop(int32_t tid) override;
  bool granted(uint32_t) override { return true; }  // the image is the policy
  platform::HostStreams* streams() override { return &streams_; }
  void console(std::span<const std::byte> bytes) override;
  [[noreturn]] void terminate(uint32_t reason) override;

 private:
  struct SpaceSlot {
    GuestTables tables;
    platform::FaultHandler* handler = nullptr;
  };
  SpaceSlot& slot(platform::Space space);
  std::byte* touch(platform::Space space, uint64_t address, platform::Access wanted);
  Thread* find(int32_t tid);
  size_t next_ready();
  void switch_to(size_t index);

  FramePool pool_;
  Clock clock_;
  ConsoleStreams streams_;
  std::array<SpaceSlot, spaces_max> spaces_{};
  std::array<Thread, threads_max> threads_{};
  size_t current_ = 0;
};

}  // namespace cupel::image
