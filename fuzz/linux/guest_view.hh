#pragma once
#include "libos/interface/invocation.hh"
#include "libos/machine/machine.hh"
#include "platforms/mock/mock_platform.hh"

namespace cupel::fuzz {

// Guest memory as it was when a call was made: the call's slots as they were, and the rest as it is now. Looking
// changes nothing a program can see.
class GuestView final : public GuestMemory {
 public:
  explicit GuestView(mock::MockPlatform& platform) : platform_(&platform) {}

  // Whose memory, and what lay there before the call. The slots must outlive their use.
  void set(const libos::Task* task, std::span<const interface::Slot> slots) {
    task_ = task;
    slots_ = slots;
  }

  size_t copy_in(uint64_t address, std::span<std::byte> out) const override;
  // An observer does not write.
  size_t copy_out(uint64_t, std::span<const std::byte>) const override { return 0; }
  Result<uint32_t> compare_exchange(uint64_t, uint32_t, uint32_t) const override { return fail(Errno::fault); }

 private:
  size_t read_now(uint64_t address, std::span<std::byte> out) const;

  mock::MockPlatform* platform_;
  const libos::Task* task_ = nullptr;
  std::span<const interface::Slot> slots_;
};

}  // namespace cupel::fuzz
