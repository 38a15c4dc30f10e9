#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "libos/interface/args.hh"

// Programs on their way to the sandboxed child and back: records of calls in memory that both see. The parent writes
// them and remembers where each is, so that nothing the child does to that memory can lead it astray.
namespace cupel::host {

enum class Manner : uint8_t {
  plain,
  skip,   // not made; the program goes on
  spawn,  // may come back twice: the new task leaves at once
  end,    // does not come back: a new process makes it, and the answer is the status that process is waited for with
};

enum class State : uint32_t {
  not_made,  // skipped, or after the program's end on the kernel
  returned,
  blocked,   // was interrupted after it had waited for longer than any call here needs
  died,      // the child did not survive it
};

// Where the bytes of a slot come from.
enum class Content : uint32_t {
  given,  // they are put there before the call
  found,  // they are what is there before the call
};
struct SlotInput {
  uint64_t address;
  std::span<const std::byte> bytes;
  Content content = Content::given;
};

// As they lie in shared memory, each followed by its slots; all sizes are multiples of 8.
struct SlotRecord {
  uint64_t address;
  uint32_t size;     // bytes; they follow twice: before and after the call
  Content content;
};
struct CallRecord {
  uint64_t number;
  interface::Registers registers;
  int64_t expected;  // a call which succeeded in one world and failed in the other ends the program
  int64_t result;    // the child's answer, as is `state`
  State state;
  Manner manner;
  uint8_t slot_count;
  uint8_t descriptors;  // how many it may make
};
struct ProgramRecord {
  uint32_t call_count;
  uint32_t slots_used;  // bytes from the beginning of the slots on that its calls may have written
};

constexpr size_t padded(size_t size) { return (size + 7) & ~size_t{7}; }

struct Answer {
  State state;
  int64_t value;
};

class Batch {
 public:
  explicit Batch(std::span<std::byte> memory) : memory_(memory) {}

  void clear();
  // Starts a program; false where there is no room.
  bool begin();
  // Adds a call to it; false where there is no room for it: the program ends before it.
  bool add(const CallRecord& call, std::span<const SlotInput> slots);
  void set_slots_used(uint32_t size);
  size_t room() const { return memory_.size() - used_; }  // bytes
  size_t program_count() const { return programs_.size(); }
  size_t call_count(size_t program) const;

  Answer answer(size_t program, size_t call) const;
  // A slot's bytes as they went in, and as they came back.
  std::span<const std::byte> before(size_t program, size_t call, size_t slot) const;
  std::span<const std::byte> after(size_t program, size_t call, size_t slot) const;
  // What goes in for the call added last, to be changed.
  std::span<std::byte> input(size_t slot);

  // Where its record lies.
  const std::byte* start(size_t program) const { return memory_.data() + programs_[program].offset; }
  void mark(size_t program, size_t call, State state);

 private:
  template <class T>
  T& at(size_t offset) const;

  struct SlotPlace { size_t offset, size; };
  struct CallPlace { size_t offset, first_slot; };
  struct ProgramPlace { size_t offset, first_call; };

  std::span<std::byte> memory_;
  size_t used_ = 0;
  std::vector<ProgramPlace> programs_;
  std::vector<CallPlace> calls_;
  std::vector<SlotPlace> slots_;
};

}  // namespace cupel::host
