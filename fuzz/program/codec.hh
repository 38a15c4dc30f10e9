#pragma once
#include "fuzz/program/grammar.hh"

// Programs as bytes, for engines and corpora.
//
// Total: any bytes decode to a program within the limits of program.hh, in normal form. Stable: decode(encode(p)) == p
// for each normal p. Calls go by their number, so a corpus outlives changes of the table. Bytes that end early mean
// zeros, and no more steps.
//
//   version, policy | scheduling << 2 | depth << 4, seed, step count, steps, fault count, faults, tamper count, tampers
//   step: call number (2 bytes, little endian), task, arguments in the order of the call's description
//   scalar: a number or a reference
//   pointer: place | count_follows << 3; then, as place and shape ask for them: count or offset, reference, size, bytes
// Numbers are a byte where they are small, else a byte which says how many follow. References say how many steps back.
namespace cupel::fuzz {

inline constexpr uint8_t codec_version = 1;

// Reuses what `out` has allocated.
void decode(const Grammar& grammar, std::span<const uint8_t> bytes, Program& out);
// Of a normal program. Replaces what `out` holds.
void encode(const Grammar& grammar, const Program& program, std::vector<uint8_t>& out);

}  // namespace cupel::fuzz
