#pragma once
#include <functional>
#include <memory>

#include "fuzz/linux/arena_image.hh"
#include "fuzz/program/program.hh"
#include "libos/machine/machine.hh"
#include "platforms/mock/mock_platform.hh"

namespace cupel::fuzz {

// The bounds of every machine that is fuzzed: small, so that a program of a few calls reaches them.
libos::Config small_config();

// The same, where signals are sent: guest code has stacks (guest_code.hh).
libos::Config config_with_signals();

// A Linux machine on the mock, as each program finds it: one task; an empty file /console, open for reading and writing
// as descriptors 0, 1 and 2 (one description); the slots and the read-only page mapped, and nothing else. Booted once.
class World {
 public:
  static constexpr size_t arena_size = 8 * 1024 * 1024;  // bytes

  // `over` may put a platform of its own between the machine and the mock.
  explicit World(mock::Guest& guest, const std::function<platform::Platform&(mock::MockPlatform&)>& over = {}, const libos::Config& config = small_config());

  // Back to the beginning, with other chances. `fill`: what fresh allocations hold.
  void reset(const mock::Chances& chances, std::byte fill);
  // Ends all tasks and takes the machine down; true where the arena is then as empty as before it was booted. Nothing
  // may be asleep. Until the next reset() there is no machine.
  bool shut_down();

  // Leaves everything as it is, for a machine that cannot be taken down any more. Until the next reset() there is none.
  void abandon(mock::MockPlatform::Stacks stacks = mock::MockPlatform::Stacks::kept);

  Arena& arena() { return *arena_; }
  libos::Machine& machine() { return *machine_; }
  mock::MockPlatform& platform() { return platform_; }
  const mock::MockPlatform& platform() const { return platform_; }

 private:
  struct Unmap {
    void operator()(std::byte* region) const;
  };
  void prepare();

  mock::MockPlatform platform_;
  std::unique_ptr<std::byte, Unmap> region_;
  Arena* arena_ = nullptr;
  libos::Machine* machine_ = nullptr;
  libos::Machine* booted_ = nullptr;
  size_t allocated_before_ = 0;
  std::vector<size_t> guest_pages_;  // offsets of their frames in the arena
  ArenaImage image_;
  bool frames_stand_ = true;  // no guest page was given out anew
  bool frames_freed_ = false;
};

}  // namespace cupel::fuzz
