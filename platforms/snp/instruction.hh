#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "platforms/snp/arithmetic.hh"

// The instructions that can end in a #VC, decoded from their bytes: 64-bit mode, and no others. What the hypervisor says the
// guest did is believed only where the bytes at the instruction pointer say the same (CVE-2024-25742, "WeSee").
namespace cupel::snp {

enum class Operation : uint8_t {
  cpuid, invd, wbinvd, rdtsc, rdtscp, rdmsr, wrmsr, rdpmc, vmmcall, monitor, mwait, read_dr7, write_dr7, in, out, ins, outs, mmio_load, mmio_store, mmio_move, mmio_fill,
};

struct Instruction {
  Operation operation;
  uint8_t length = 0;
  uint8_t size = 0;                        // of the access, in bytes; 0 where there is none
  uint8_t width = 0;                       // of the register that a load goes to
  uint8_t reg = 0;                         // the register operand's number
  bool high_byte = false;                  // AH, CH, DH or BH: reg's second byte
  bool repeated = false;                   // REP or REPNE
  bool port_in_dx = false;
  uint16_t port = 0;                       // where it is in the instruction
  Extension extension = Extension::none;   // of a load
  std::optional<uint32_t> immediate = {};  // of a store
  friend bool operator==(const Instruction&, const Instruction&) = default;
};

inline constexpr uint64_t instruction_size_max = 15;

// Nothing where the bytes are no whole instruction of those above.
std::optional<Instruction> decode_instruction(std::span<const uint8_t> bytes);

// The exit code that an instruction's #VC must carry (0x400 for memory: nested page fault); bits beyond it that the code itself
// does not tell, such as the direction of an MSR access, come from the instruction.
uint64_t exit_code_of(Operation operation);

}  // namespace cupel::snp
