#pragma once
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/host/batch.hh"
#include "fuzz/host/guest_root.hh"
#include "fuzz/host/sandbox.hh"
#include "fuzz/program/program.hh"
#include "libos/machine/config.hh"

// The child's side: makes the calls of one program after another on the real kernel, in an address space and a file
// system which are brought back to their beginning in between.
namespace cupel::host {

// All of a program's addresses are below, all of the child's own above.
inline constexpr uint64_t guest_end = 0x7000'0000;
// What interrupts a call that waits for too long.
inline constexpr int nudge_signal = 64;

// Where parent and child meet; in shared memory.
struct Desk {
  std::atomic<uint32_t> asked{0};     // batches handed over
  std::atomic<uint32_t> answered{0};  // batches done; asked and answered differ by at most one
  std::atomic<uint32_t> calls{0};     // calls begun: tells a child at work from one that waits
  std::atomic<uint32_t> program{0};   // where it is in the batch
  std::atomic<uint32_t> call{0};
  uint64_t offset = 0;                // where in `memory` the first program to run lies
  uint32_t first = 0;                 // its index
  uint32_t end = 0;                   // index after the last
};

// What the child works with, all of it mapped before it is cloned.
struct Workplace {
  Desk* desk = nullptr;
  std::span<std::byte> memory;      // the batches; shared
  libos::Config config{};
};

class Child final : public Inhabitant {
 public:
  explicit Child(const Workplace& place) : place_(place) {}

  // The calls it makes on its own account, for the filter.
  static std::span<const uint16_t> own_calls();

  bool prepare() override;
  void run() override;

 private:
  void serve();
  // Both walk the records of one program and return where the next one starts.
  std::byte* run_program(std::byte* record);
  bool run_call(CallRecord& call);
  void note_traces(const CallRecord& call);
  void restore();
  void restore_slots();

  void restore_memory();

  Workplace place_;
  Traces traces_;
  bool used_memory_ = true;
  bool used_limits_ = false;
  std::array<rlimit, RLIM_NLIMITS> limits_{};  // as they were at the start; a program lowers no hard one
  bool used_edge_ = true;      // the pages behind the slots
  size_t slots_used_ = fuzz::unmapped_base - fuzz::slots_base;
};

}  // namespace cupel::host
