#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fuzz/host/batch.hh"
#include "fuzz/host/recording.hh"

// What two worlds may see differently in one and the same call: times, numbers of inodes, random bytes. All else must be
// equal, byte by byte.
namespace cupel::host {

// One call as the kernel made it.
struct KernelCall {
  int64_t value;
  const Batch* batch;
  size_t program, call;  // its place in the batch

  bool failed() const { return value < 0 && value >= -4095; }
  std::span<const std::byte> before(size_t slot) const { return batch->before(program, call, slot); }
  std::span<const std::byte> after(size_t slot) const { return batch->after(program, call, slot); }
};

// Numbers that stand for the same thing in both worlds: a bijection, learned as they come up.
class Renaming {
 public:
  void clear() { pairs_.clear(); }
  bool matches(uint64_t ours, uint64_t theirs);

 private:
  std::vector<std::pair<uint64_t, uint64_t>> pairs_;
};

struct Difference {
  bool in_bytes = false;  // in guest memory, not in the result
  std::string libos, kernel;
};

class Comparison {
 public:
  // A new program.
  void reset();
  // Compares the calls in the order in which they were made. Nothing where they agree.
  std::optional<Difference> compare(const RecordedCall& libos, const KernelCall& kernel);
  // Whether bytes that differ by right now lie where later calls may find them.
  bool unpredictable() const { return unpredictable_; }
  // A call was not made in both worlds, or with other bytes: what it left in the slots is there in one only.
  void skip() { slots_differ_ = true; }
  // Whether something in the slots has come out different so far, as it may.
  bool slots_differ() const { return slots_differ_; }

 private:
  struct Image {  // a slot's bytes in both worlds, with what may differ taken over from libos
    uint64_t address;
    bool lasting;  // not laid out anew for each call
    std::span<const std::byte> ours;
    std::vector<std::byte> theirs;
  };

  void normalise(const RecordedCall& libos);
  void take_over(uint64_t address, size_t size);
  // `number` says which number the eight bytes there stand for.
  void take_over_number(uint64_t address, Renaming& numbers, uint64_t (*number)(uint64_t) = [](uint64_t same) { return same; });
  void take_over_entries(uint64_t address, size_t size, bool old_records);
  template <class T>
  bool read(uint64_t address, T& ours, T& theirs) const;

  std::vector<Image> images_;
  size_t image_count_ = 0;
  bool unpredictable_ = false;
  bool slots_differ_ = false;
  Renaming inodes_, nameless_inodes_, devices_;
};

// Makes what a slot holds after the kernel's call what it would hold outside of a user namespace, where the only
// difference to libos's bytes is that.
void hide_sandbox(const interface::Invocation& invocation, const interface::Slot& libos, std::span<std::byte> kernel);

// "-1 ENOENT", "3".
std::string value_text(int64_t value);

}  // namespace cupel::host
