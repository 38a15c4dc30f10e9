#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "platforms/mock/simulated_memory.hh"

namespace cupel::mock {

// Bytes of guest memory that a call read or wrote.
struct GuestAccess {
  platform::Space space;
  uint64_t address;
  uint64_t size;
};

// Another task's store, made as soon as the call has read the byte: a second read sees another value.
struct Tampering {
  uint64_t address;
  std::byte value;
};

// What is in store for one call.
struct CallPlan {
  uint32_t fail_copy = 0;       // the n-th copy of guest memory stops half-way; 0: none
  uint32_t interrupt_wait = 0;  // the n-th wait comes back interrupted; 0: none
  std::span<const Tampering> tampering{};
};

// Sees what one call does with guest memory, and carries out its plan.
class CallWatch {
 public:
  void begin(const CallPlan& plan);
  // Undoes what tampering left in memory where the call has not written over it, so that a call that reads once leaves
  // no trace of it.
  void end(SimulatedMemory& memory);

  // Nothing more goes wrong by plan.
  void calm() { plan_.fail_copy = plan_.interrupt_wait = 0; }

  std::span<const GuestAccess> reads() const { return reads_; }
  std::span<const GuestAccess> writes() const { return writes_; }
  // Stretches that were read when an earlier copy of the same call had read them already.
  std::span<const GuestAccess> rereads() const { return rereads_; }
  // More was going on than is kept: what is above is then only the beginning.
  bool overflowed() const { return overflowed_; }
  bool copy_failed() const { return copy_failed_; }
  bool wait_interrupted() const { return wait_interrupted_; }

  // --- for the platform ---
  // How much of a copy of `size` bytes may be made.
  size_t admit_copy(size_t size);
  bool interrupts_wait();
  void on_read(SimulatedMemory& memory, const GuestAccess& access);
  void on_write(const GuestAccess& access);

 private:
  static constexpr size_t accesses_max = 256;
  struct Tampered {
    Tampering what;
    platform::Space space{};
    std::byte original{};
    bool done = false;
  };

  std::vector<GuestAccess> reads_, writes_, rereads_;
  std::vector<Tampered> tampered_;
  CallPlan plan_;
  uint32_t copies_ = 0, waits_ = 0;
  bool overflowed_ = false, copy_failed_ = false, wait_interrupted_ = false;
};

}  // namespace cupel::mock
