#pragma once
#include <span>
#include <vector>

#include "fuzz/linux/executor.hh"

// What the tasks of a run did, and when, as seen from outside: calls were made, slept and returned. Nothing in it comes
// from libos's own idea of order.
namespace cupel::fuzz {

// Bytes that lay in guest memory.
struct Stretch {
  uint64_t address;
  std::vector<std::byte> bytes;
};

// Guest memory as a call found it, as far as its arguments name it.
class RememberedMemory final : public GuestMemory {
 public:
  void remember(uint64_t address, std::span<const std::byte> bytes) { stretches_.push_back({address, {bytes.begin(), bytes.end()}}); }
  size_t copy_in(uint64_t address, std::span<std::byte> out) const override;
  // A memory is not written.
  size_t copy_out(uint64_t, std::span<const std::byte>) const override { return 0; }
  Result<uint32_t> compare_exchange(uint64_t, uint32_t, uint32_t) const override { return fail(Errno::fault); }

 private:
  std::vector<Stretch> stretches_;
};

// A call from when it was made, or last went to sleep, to when it went to sleep or came back. As libos cuts calls only where
// they sleep (docs/adr/0001), the whole of a piece takes effect at one moment between `begin` and `end`; which, is for the
// judge to find out.
struct Piece {
  size_t step;
  uint64_t begin, end;  // on the history's clock, which ticks with every event
  const interface::CallDesc* desc;
  int32_t tid;
  interface::Registers registers;
  interface::Outcome::Kind kind;
  int64_t value;
  Mishaps mishaps;
  RememberedMemory memory;
  std::vector<Stretch> before, after;  // the slots

  // Whether this one was over before the other began.
  bool precedes(const Piece& other) const { return end <= other.begin; }
};

class History {
 public:
  void clear();
  // A call is made.
  void open(size_t step);
  // A piece of it is over. The next one begins at once.
  void add(const StepReport& report);

  // What add() reads of guest memory: `each` gets every extent of the call whose beginning is now in `bytes`.
  template <class Each>
  static void look(const StepReport& report, std::vector<std::byte>& bytes, Each each) {
    for (const Extent& extent : report.layout.extents) {
      bytes.resize(extent.size < buffer_max ? extent.size : buffer_max);
      bytes.resize(report.invocation.memory->copy_in(extent.address, bytes));
      each(extent);
    }
  }

  std::span<const Piece> pieces() const { return pieces_; }
  // No two pieces overlap, so there is just one order.
  bool sequential() const { return sequential_; }

 private:
  std::vector<Piece> pieces_;
  std::vector<uint64_t> begins_;  // by step
  uint64_t clock_ = 0;
  bool sequential_ = true;
};

}  // namespace cupel::fuzz
