#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "libos/interface/desc.hh"

// A fuzz program: typed calls whose results later calls use, the schedule, the faults and the host's answers.
// Everything a run depends on is in here.
namespace cupel::fuzz {

// Where a pointer argument points.
enum class Place : uint8_t {
  slot,       // a slot of its own, filled with the argument's bytes, guard bytes on both sides
  null,
  unmapped,   // an address with nothing mapped
  read_only,  // a mapped page that may not be written
  edge,       // the object starts on a mapped page and runs into an unmapped one, `value` bytes before the edge
  mapping,    // inside a mapping an earlier call made: its result plus `value` (counted objects start where it does)
  beyond,     // above all user addresses, and so high that address plus size may wrap
};

// What a scalar is.
enum class Form : uint8_t {
  literal,
  result,  // what an earlier call gave (its result, or a new_fd field it filled in)
};

inline constexpr uint16_t steps_max = 256;
inline constexpr uint8_t tasks_max = 8;
inline constexpr uint8_t faults_max = 16;
inline constexpr uint8_t tampers_max = 16;
inline constexpr uint8_t fields_max = 4;  // new_fd fields of one call that references can name
inline constexpr uint32_t blob_max = 64 * 1024;
inline constexpr uint32_t buffer_max = 16 * 1024;  // bytes one buffer argument may have

// A reference to a value made by step `step`: slot 0 is its result, slot n its n-th new_fd field.
struct ResultRef {
  uint16_t step = 0;
  uint8_t slot = 0;
  friend bool operator==(const ResultRef&, const ResultRef&) = default;
};

// One argument. Which members mean something follows from the ArgDesc's kind.
struct Arg {
  uint64_t value = 0;        // scalars: the literal. Buffers and arrays: the count register. Place::mapping: the offset
  Form form = Form::literal;
  Place place = Place::slot;
  ResultRef ref{};           // of Form::result, and of Place::mapping
  uint32_t blob_offset = 0;  // the bytes in guest memory (in, in_out, buffers, texts with their NUL, arrays):
  uint32_t blob_size = 0;    // for out buffers, how much room the slot has
  friend bool operator==(const Arg&, const Arg&) = default;
};

// In structs a field of kind fd or task which stands for an earlier result holds `ref_code(ref)` instead of a number.
inline constexpr uint32_t ref_code_base = 0x4000'0000;
constexpr int32_t ref_code(ResultRef ref) { return static_cast<int32_t>(ref_code_base | uint32_t{ref.step} << 8 | ref.slot); }
constexpr bool is_ref_code(int32_t value) { return (static_cast<uint32_t>(value) & 0xff00'0000) == ref_code_base; }
constexpr ResultRef ref_of(int32_t code) { return {static_cast<uint16_t>(static_cast<uint32_t>(code) >> 8), static_cast<uint8_t>(code)}; }

struct Step {
  uint16_t call = 0;  // index into InterfaceDesc::calls
  uint8_t task = 0;   // which task makes it: 0 is the first, n the one made by the n-th successful clone
  std::array<Arg, interface::args_max> args{};
  friend bool operator==(const Step&, const Step&) = default;
};

enum class FaultKind : uint8_t {
  allocation,  // the n-th arena allocation of the call fails
  copy,        // the n-th copy to or from guest memory of the call stops half-way
  wait,        // the n-th wait of the call is interrupted
};
struct Fault {
  uint16_t step = 0;
  FaultKind kind = FaultKind::allocation;
  uint16_t nth = 1;
  friend bool operator==(const Fault&, const Fault&) = default;
};

// Another task's store into a slot of `step` between its reads: the double-fetch adversary.
struct Tamper {
  uint16_t step = 0;
  uint8_t arg = 0;
  uint16_t offset = 0;
  uint8_t value = 0;
  friend bool operator==(const Tamper&, const Tamper&) = default;
};

enum class Policy : uint8_t { allow_all, deny_all, mixed };   // what Platform::granted answers
enum class Scheduling : uint8_t { in_order, random, pct };

struct Program {
  std::vector<Step> steps;
  std::vector<std::byte> blob;
  std::vector<Fault> faults;
  std::vector<Tamper> tampers;
  Policy policy = Policy::allow_all;
  Scheduling scheduling = Scheduling::in_order;
  uint32_t seed = 0;      // of the scheduler and of mixed policy
  uint8_t pct_depth = 3;  // bug depth of PCT
  friend bool operator==(const Program&, const Program&) = default;

  // As Program{}, but keeps what the vectors have allocated.
  void clear() {
    steps.clear(), blob.clear(), faults.clear(), tampers.clear();
    policy = Policy::allow_all, scheduling = Scheduling::in_order, seed = 0, pct_depth = 3;
  }
};

// The guest's address layout, the same in every world a program runs in.
inline constexpr uint64_t slots_base = 0x0f00'0000;       // argument slots: mapped, read and write
inline constexpr uint64_t slots_size = 16 * 4096;
inline constexpr uint64_t read_only_base = slots_base + slots_size;  // one page that cannot be written
inline constexpr uint64_t unmapped_base = read_only_base + 4096;     // then nothing up to the mappings
inline constexpr uint64_t beyond_base = 0xffff'ffff'ffff'f000;       // Place::beyond
inline constexpr uint64_t guard_size = 8;                 // bytes before and after each slot
inline constexpr std::byte guard_byte{0xa5};              // what guards and the room of out arguments hold beforehand

}  // namespace cupel::fuzz
