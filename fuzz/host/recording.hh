#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/linux/executor.hh"

// The calls of one program as libos made them, kept until the kernel has made them too.
namespace cupel::host {

struct RecordedCall {
  const interface::CallDesc* desc;
  uint16_t step;   // of the program
  int32_t tid;
  interface::Registers registers;
  interface::Outcome::Kind kind;
  int64_t value;
  std::vector<interface::Slot> slots;    // where the call's arguments lie: the first was laid out for it, others are elsewhere
  std::vector<fuzz::Store> stores;       // what was laid out elsewhere
  std::vector<fuzz::Extent> extents;     // what the call may read or write
  uint64_t slots_end;                    // the call may have written slots up to this address
  bool reads_beyond;                     // it may read behind what was laid out for it
  bool mishap;                           // the machine's memory was full

  bool failed() const { return kind == interface::Outcome::Kind::returned && value < 0 && value >= -4095; }
};

class Recording {
 public:
  void clear();
  // Copies what it is given.
  void add(const fuzz::StepReport& report);
  std::span<const RecordedCall> calls() const { return {calls_.data(), call_count_}; }

 private:
  std::span<const std::byte> keep(std::span<const std::byte> bytes);

  static constexpr size_t chunk_size = size_t{1} << 18;
  std::vector<RecordedCall> calls_;  // reused from program to program
  size_t call_count_ = 0;
  std::vector<std::vector<std::byte>> chunks_;  // never resized once made: slots point into them
  size_t chunk_ = 0, used_ = 0;
};

// The bytes at an address before the call, from its slots and stores; empty where they are not all there.
std::span<const std::byte> bytes_at(const RecordedCall& call, uint64_t address, size_t size);

}  // namespace cupel::host
