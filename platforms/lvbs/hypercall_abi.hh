#pragma once
#include <cstdint>
#include <expected>

// The control word of a Hyper-V hypercall, and what may be believed of its result (TLFS, chapter 3). Templates over the
// word type, so that a proof runs what ships.
namespace cupel::lvbs::abi {

enum class Code : uint16_t {
  modify_protection = 0x0c,
  enable_partition_vtl = 0x0d,
  enable_vp_vtl = 0x0f,
  get_registers = 0x50,
  set_registers = 0x51,
  start_processor = 0x99,
  flush_guest_physical = 0xaf,
};

inline constexpr uint64_t reps_max = 4095;
inline constexpr uint64_t success = 0, timeout = 0x78;
inline constexpr uint64_t partition_self = UINT64_MAX;
inline constexpr uint64_t vp_self = 0xffff'fffe;

// [15:0] code, [16] fast, [26:17] quadwords of variable header, [43:32] count of reps, [59:48] the first of them; the rest is 0.
template <class Word>
struct Control {
  Word code, fast, variable, count, start;
};
template <class Word>
constexpr Word pack_control(const Control<Word>& control) {
  return (control.code & Word(0xffff)) | ((control.fast & Word(1)) << Word(16)) | ((control.variable & Word(0x3ff)) << Word(17)) |
         ((control.count & Word(0xfff)) << Word(32)) | ((control.start & Word(0xfff)) << Word(48));
}
template <class Word>
constexpr Control<Word> unpack_control(const Word& word) {
  return {word & Word(0xffff), (word >> Word(16)) & Word(1), (word >> Word(17)) & Word(0x3ff), (word >> Word(32)) & Word(0xfff), (word >> Word(48)) & Word(0xfff)};
}

// [15:0] status, [43:32] reps completed, counted from element 0. The other bits mean nothing and may hold anything.
template <class Word>
constexpr Word status_of(const Word& result) {
  return result & Word(0xffff);
}
template <class Word>
constexpr Word reps_of(const Word& result) {
  return (result >> Word(32)) & Word(0xfff);
}

enum class Fault : uint8_t {
  status,     // the hypervisor refused: the elements before the count it gives are done
  backwards,  // it says that less is done than was
  beyond,     // or more than was asked for
};

// What a rep hypercall over `count` elements, of which the first `start` were done, came to: how many are done now. Less
// than `count` without an error is a hypercall that stopped early, and is made again from there.
template <class Word>
constexpr std::expected<Word, Fault> progress(const Word& start, const Word& count, const Word& result) {
  const Word reps = reps_of(result);
  if (reps < start) return std::unexpected(Fault::backwards);
  if (reps > count) return std::unexpected(Fault::beyond);
  const Word status = status_of(result);
  if (status == Word(timeout)) return reps;
  if (status != Word(success)) return std::unexpected(Fault::status);
  return reps;
}

// How many elements the next hypercall of a list takes: all that are left, and no more than a page holds behind its header.
inline constexpr uint64_t input_header_size = 16;
inline constexpr uint64_t gpns_per_call = (4096 - input_header_size) / 8;
static_assert(gpns_per_call == 510);
template <class Word>
constexpr Word batch(const Word& left) {
  if (left > Word(gpns_per_call)) return Word(gpns_per_call);
  return left;
}

// HvInputVtl: [3:0] the VTL, [4] "use it". The VTL below ours.
inline constexpr uint64_t input_vtl(uint64_t vtl) { return vtl | 0x10; }

}  // namespace cupel::lvbs::abi
