#pragma once
#include "fuzz/program/grammar.hh"

// Of the many programs that mean the same, one is normal: decoding, parsing, generating and mutating give no other, and
// only normal programs are equal to what their encodings decode to. In it
// - references point backwards, to results that the call there gives;
// - members of Arg which mean nothing for the argument's kind and place are as in Arg{};
// - the blob holds the bytes of the arguments in order and nothing else; a struct has exactly its size, unless
//   blob_max cut it;
// - seed and depth are as in Program{} where nothing uses them; faults and tampers name steps that exist.
namespace cupel::fuzz {

// Puts an argument of step `step` into normal form, and appends `bytes`, what its object holds, to the program's blob.
// They may not lie in it. The steps before must be there.
void settle(const Grammar& grammar, const interface::ArgDesc& desc, size_t step, std::span<const std::byte> bytes, Arg& arg, Program& program);

// The rest of a program whose steps are settled.
void settle_circumstances(const Grammar& grammar, Program& program);

// An argument's bytes.
inline std::span<const std::byte> bytes_of(const Program& program, const Arg& arg) {
  const std::span<const std::byte> all = program.blob;
  const size_t offset = arg.blob_offset < all.size() ? arg.blob_offset : all.size();
  return all.subspan(offset, arg.blob_size < all.size() - offset ? arg.blob_size : all.size() - offset);
}

// The count of a counted argument that says how much there really is.
uint64_t natural_count(const interface::ArgDesc& desc, const Arg& arg);

// Makes any program normal. Calls beyond the interface stand for others, by index. `spare` becomes its blob: give the
// same one again and nothing is allocated.
void normalise(const Grammar& grammar, Program& program, std::vector<std::byte>& spare);

}  // namespace cupel::fuzz
