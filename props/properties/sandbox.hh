#pragma once
#include <algorithm>
#include <array>
#include <memory>

#include "libos/base/page.hh"
#include "libos/machine/machine.hh"
#include "libos/mm/address_space.hh"
#include "platforms/mock/scripted_guest.hh"

namespace cupel::props {

// An arena of its own.
class ArenaRegion {
 public:
  static constexpr size_t size = 4 << 20;  // bytes
  ArenaRegion() : bytes_(static_cast<std::byte*>(std::aligned_alloc(page_size, size))), arena(*Arena::create({bytes_.get(), size})) {}

 private:
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::byte, Free> bytes_;

 public:
  Arena& arena;
};

// A machine on the mock, for parts of libos that need one. What is done to it outside of a task must not sleep.
class Sandbox {
 public:
  explicit Sandbox(const libos::Config& config = {}) : baseline_(region_.arena.allocated_size()), machine_(*libos::Machine::boot(region_.arena, platform, config)) {}
  ~Sandbox() { machine_->shut_down(); }

  libos::Machine& machine() { return *machine_; }
  libos::Task& task() { return machine_->first_task(); }
  Arena& arena() { return region_.arena; }

  mock::ScriptedGuest guest;
  mock::MockPlatform platform{guest};

 private:
  ArenaRegion region_;
  size_t baseline_;
  libos::Machine* machine_;
};

// Memory of which the first `size` bytes are there.
class FlatMemory final : public GuestMemory {
 public:
  explicit FlatMemory(size_t size) : bytes(size) {}
  size_t copy_in(uint64_t address, std::span<std::byte> out) const override {
    const size_t size = reach(address, out.size());
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(address, bytes.size())), size, out.begin());
    return size;
  }
  size_t copy_out(uint64_t address, std::span<const std::byte> in) const override {
    const size_t size = reach(address, in.size());
    std::copy_n(in.begin(), size, bytes.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(address, bytes.size())));
    return size;
  }
  Result<uint32_t> compare_exchange(uint64_t, uint32_t, uint32_t) const override { return fail(Errno::fault); }

  mutable std::vector<std::byte> bytes;

 private:
  size_t reach(uint64_t address, size_t size) const { return address >= bytes.size() ? 0 : std::min<size_t>(size, bytes.size() - address); }
};

}  // namespace cupel::props
