#include "fuzz/snp/zydis_reference.hh"

#include <Zydis/Zydis.h>

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

struct Decoded {
  ZydisDecodedInstruction instruction;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

uint8_t size_of(const ZydisDecodedOperand& operand) { return static_cast<uint8_t>(operand.size / 8); }

void set_register(Instruction& made, ZydisRegister name) {
  if (name >= ZYDIS_REGISTER_AH && name <= ZYDIS_REGISTER_BH) {
    made.high_byte = true;
    made.reg = static_cast<uint8_t>(name - ZYDIS_REGISTER_AH);
    return;
  }
  const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, name);
  made.reg = static_cast<uint8_t>(ZydisRegisterGetId(whole));
}

std::optional<Instruction> move(const Decoded& decoded, Extension extension) {
  const auto& to = decoded.operands[0];
  const auto& from = decoded.operands[1];
  Instruction made{.operation = Operation::mmio_load};
  if (from.type == ZYDIS_OPERAND_TYPE_MEMORY && to.type == ZYDIS_OPERAND_TYPE_REGISTER) {
    if (ZydisRegisterGetClass(to.reg.value) == ZYDIS_REGCLASS_SEGMENT) return std::nullopt;
    made.size = size_of(from), made.width = size_of(to), made.extension = extension;
    set_register(made, to.reg.value);
    return made;
  }
  if (to.type != ZYDIS_OPERAND_TYPE_MEMORY || extension != Extension::none) return std::nullopt;
  made.operation = Operation::mmio_store, made.size = size_of(to);
  if (from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
    const uint64_t mask = made.size >= 4 ? 0xffff'ffff : (uint64_t{1} << (made.size * 8)) - 1;
    made.immediate = static_cast<uint32_t>(from.imm.value.u & mask);
    return made;
  }
  if (from.type != ZYDIS_OPERAND_TYPE_REGISTER || ZydisRegisterGetClass(from.reg.value) == ZYDIS_REGCLASS_SEGMENT) return std::nullopt;
  set_register(made, from.reg.value);
  return made;
}

std::optional<Instruction> debug_move(const Decoded& decoded) {
  const auto& to = decoded.operands[0];
  const auto& from = decoded.operands[1];
  if (to.type != ZYDIS_OPERAND_TYPE_REGISTER || from.type != ZYDIS_OPERAND_TYPE_REGISTER) return std::nullopt;
  Instruction made{.operation = Operation::read_dr7};
  if (from.reg.value == ZYDIS_REGISTER_DR7) {
    set_register(made, to.reg.value);
    return made;
  }
  if (to.reg.value != ZYDIS_REGISTER_DR7) return std::nullopt;
  made.operation = Operation::write_dr7;
  set_register(made, from.reg.value);
  return made;
}

std::optional<Instruction> port_io(const Decoded& decoded, bool in) {
  const auto& port = decoded.operands[in ? 1 : 0];
  const auto& data = decoded.operands[in ? 0 : 1];
  Instruction made{.operation = in ? Operation::in : Operation::out, .size = size_of(data)};
  if (port.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) made.port = static_cast<uint16_t>(port.imm.value.u);
  else made.port_in_dx = true;
  return made;
}

// F2 or F3, whichever stands last; 0 where neither does.
uint8_t last_repeat(const ZydisDecodedInstruction& instruction) {
  uint8_t last = 0;
  for (ZyanU8 index = 0; index < instruction.raw.prefix_count; ++index) {
    const auto value = instruction.raw.prefixes[index].value;
    if (value == 0xf2 || value == 0xf3) last = value;
  }
  return last;
}

// Instructions named by a whole ModRM byte: with one of these prefixes they are others (F3 0F 01 D9 is VMGEXIT), or nobody's.
bool has_mandatory_prefix(const ZydisDecodedInstruction& instruction) {
  for (ZyanU8 index = 0; index < instruction.raw.prefix_count; ++index) {
    const auto value = instruction.raw.prefixes[index].value;
    if (value == 0x66 || value == 0xf2 || value == 0xf3) return true;
  }
  return false;
}

bool repeated(const ZydisDecodedInstruction& instruction) {
  return (instruction.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) != 0;
}

std::optional<Instruction> string(const Decoded& decoded, Operation operation, uint8_t size) {
  Instruction made{.operation = operation, .size = size, .repeated = repeated(decoded.instruction)};
  made.port_in_dx = operation == Operation::ins || operation == Operation::outs;
  return made;
}

std::optional<Instruction> by_mnemonic(const Decoded& decoded) {
  const auto plain = [](Operation operation) { return std::optional(Instruction{.operation = operation}); };
  switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_CPUID: return plain(Operation::cpuid);
    case ZYDIS_MNEMONIC_INVD: return plain(Operation::invd);
    case ZYDIS_MNEMONIC_WBINVD:
      if (last_repeat(decoded.instruction) == 0xf3) return std::nullopt;  // WBNOINVD, which this Zydis does not tell apart
      return plain(Operation::wbinvd);
    case ZYDIS_MNEMONIC_RDTSC: return plain(Operation::rdtsc);
    case ZYDIS_MNEMONIC_RDTSCP: return plain(Operation::rdtscp);
    case ZYDIS_MNEMONIC_RDMSR: return plain(Operation::rdmsr);
    case ZYDIS_MNEMONIC_WRMSR: return plain(Operation::wrmsr);
    case ZYDIS_MNEMONIC_RDPMC: return plain(Operation::rdpmc);
    case ZYDIS_MNEMONIC_VMMCALL: return plain(Operation::vmmcall);
    case ZYDIS_MNEMONIC_MONITOR:
    case ZYDIS_MNEMONIC_MONITORX: return plain(Operation::monitor);
    case ZYDIS_MNEMONIC_MWAIT:
    case ZYDIS_MNEMONIC_MWAITX: return plain(Operation::mwait);
    case ZYDIS_MNEMONIC_IN: return port_io(decoded, true);
    case ZYDIS_MNEMONIC_OUT: return port_io(decoded, false);
    case ZYDIS_MNEMONIC_INSB: return string(decoded, Operation::ins, 1);
    case ZYDIS_MNEMONIC_INSW: return string(decoded, Operation::ins, 2);
    case ZYDIS_MNEMONIC_INSD: return string(decoded, Operation::ins, 4);
    case ZYDIS_MNEMONIC_OUTSB: return string(decoded, Operation::outs, 1);
    case ZYDIS_MNEMONIC_OUTSW: return string(decoded, Operation::outs, 2);
    case ZYDIS_MNEMONIC_OUTSD: return string(decoded, Operation::outs, 4);
    case ZYDIS_MNEMONIC_MOVSB: return string(decoded, Operation::mmio_move, 1);
    case ZYDIS_MNEMONIC_MOVSW: return string(decoded, Operation::mmio_move, 2);
    case ZYDIS_MNEMONIC_MOVSD:
      if (decoded.instruction.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT) return std::nullopt;  // of doubles
      return string(decoded, Operation::mmio_move, 4);
    case ZYDIS_MNEMONIC_MOVSQ: return string(decoded, Operation::mmio_move, 8);
    case ZYDIS_MNEMONIC_STOSB: return string(decoded, Operation::mmio_fill, 1);
    case ZYDIS_MNEMONIC_STOSW: return string(decoded, Operation::mmio_fill, 2);
    case ZYDIS_MNEMONIC_STOSD: return string(decoded, Operation::mmio_fill, 4);
    case ZYDIS_MNEMONIC_STOSQ: return string(decoded, Operation::mmio_fill, 8);
    case ZYDIS_MNEMONIC_MOV:
      if (auto debug = debug_move(decoded)) return debug;
      // A0 to A3 have their address in the instruction: no form that we emulate.
      if (decoded.instruction.opcode >= 0xa0 && decoded.instruction.opcode <= 0xa3 && decoded.instruction.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT) return std::nullopt;
      return move(decoded, Extension::none);
    case ZYDIS_MNEMONIC_MOVZX: return move(decoded, Extension::zero);
    case ZYDIS_MNEMONIC_MOVSX: return move(decoded, Extension::sign);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Instruction> zydis_instruction(std::span<const uint8_t> bytes) {
  static const ZydisDecoder decoder = [] {
    ZydisDecoder made;
    ZydisDecoderInit(&made, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return made;
  }();
  Decoded decoded;
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes.data(), bytes.size(), &decoded.instruction, decoded.operands))) return std::nullopt;
  if ((decoded.instruction.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0) return std::nullopt;
  const bool group_01 = decoded.instruction.opcode_map == ZYDIS_OPCODE_MAP_0F && decoded.instruction.opcode == 1;
  if (group_01 && has_mandatory_prefix(decoded.instruction)) return std::nullopt;
  auto made = by_mnemonic(decoded);
  if (made) made->length = decoded.instruction.length;
  return made;
}

}  // namespace cupel::fuzz::snp
