#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "platforms/snp/instruction.hh"

// Zydis's word on what an instruction is, in our terms: the reference that our own decoder is held against.
namespace cupel::fuzz::snp {

// Nothing where Zydis finds no instruction, or one that cannot end in a #VC which we emulate.
std::optional<cupel::snp::Instruction> zydis_instruction(std::span<const uint8_t> bytes);

}  // namespace cupel::fuzz::snp
