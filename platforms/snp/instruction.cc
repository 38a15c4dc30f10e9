#include "platforms/snp/instruction.hh"

namespace cupel::snp {
namespace {

struct Cursor {
  std::span<const uint8_t> bytes;
  size_t at = 0;
  bool more() const { return at < bytes.size() && at < instruction_size_max; }
  std::optional<uint8_t> next() {
    if (!more()) return std::nullopt;
    return bytes[at++];
  }
};

struct Prefixes {
  bool operand_16 = false, address_32 = false, repeat = false, repeat_not = false, lock = false;
  uint8_t rex = 0;
  bool rex_w() const { return (rex & 8) != 0; }
};

// Legacy prefixes in any order, then at most one REX, which counts only right before the opcode. Gives the opcode's first byte.
std::optional<uint8_t> skip_prefixes(Cursor& cursor, Prefixes& found) {
  while (const auto byte = cursor.next()) {
    switch (*byte) {
      case 0x66: found.operand_16 = true, found.rex = 0; continue;
      case 0x67: found.address_32 = true, found.rex = 0; continue;
      case 0xf0: found.lock = true, found.rex = 0; continue;
      case 0xf2: found.repeat_not = true, found.repeat = false, found.rex = 0; continue;
      case 0xf3: found.repeat = true, found.repeat_not = false, found.rex = 0; continue;
      case 0x2e:
      case 0x36:
      case 0x3e:
      case 0x26:
      case 0x64:
      case 0x65: found.rex = 0; continue;
      default: break;
    }
    if ((*byte & 0xf0) != 0x40) return byte;
    found.rex = *byte;
  }
  return std::nullopt;
}

struct ModRm {
  uint8_t mod, reg, rm;
};
// The ModRM byte with the address bytes after it.
std::optional<ModRm> take_modrm(Cursor& cursor, const Prefixes& prefixes) {
  const auto byte = cursor.next();
  if (!byte) return std::nullopt;
  ModRm found{static_cast<uint8_t>(*byte >> 6), static_cast<uint8_t>((*byte >> 3 & 7) | (prefixes.rex & 4) << 1), static_cast<uint8_t>(*byte & 7)};
  if (found.mod == 3) return found;
  size_t displacement = found.mod == 1 ? 1 : found.mod == 2 ? 4 : 0;
  if (found.rm == 4) {
    const auto sib = cursor.next();
    if (!sib) return std::nullopt;
    if ((*sib & 7) == 5 && found.mod == 0) displacement = 4;
  } else if (found.rm == 5 && found.mod == 0) {
    displacement = 4;
  }
  for (; displacement > 0; --displacement) {
    if (!cursor.next()) return std::nullopt;
  }
  return found;
}

std::optional<uint32_t> take_immediate(Cursor& cursor, unsigned size) {
  uint32_t value = 0;
  for (unsigned index = 0; index < size; ++index) {
    const auto byte = cursor.next();
    if (!byte) return std::nullopt;
    value |= uint32_t{*byte} << (index * 8);
  }
  return value;
}

uint8_t operand_size(const Prefixes& prefixes) { return prefixes.rex_w() ? 8 : prefixes.operand_16 ? 2 : 4; }

// Register 4 to 7 of a byte access without REX is the second byte of the first four.
void set_byte_register(Instruction& made, const Prefixes& prefixes) {
  if (made.size != 1 || made.width > 1 || prefixes.rex != 0 || made.reg < 4) return;
  made.high_byte = true;
  made.reg = static_cast<uint8_t>(made.reg - 4);
}

// 0F 01 /r: the instructions which are named by a whole ModRM byte.
std::optional<Operation> group_01(uint8_t modrm, const Prefixes& prefixes) {
  if (prefixes.repeat || prefixes.repeat_not || prefixes.operand_16) return std::nullopt;  // VMGEXIT and others, which cause no #VC
  switch (modrm) {
    case 0xf9: return Operation::rdtscp;
    case 0xd9: return Operation::vmmcall;
    case 0xc8:
    case 0xfa: return Operation::monitor;
    case 0xc9:
    case 0xfb: return Operation::mwait;
    default: return std::nullopt;
  }
}

std::optional<Instruction> debug_register(Cursor& cursor, const Prefixes& prefixes, Operation operation) {
  const auto modrm = cursor.next();  // mod is ignored: the operand is a register always
  if (!modrm || (*modrm >> 3 & 7) != 7 || (prefixes.rex & 4) != 0) return std::nullopt;
  return Instruction{.operation = operation, .reg = static_cast<uint8_t>((*modrm & 7) | (prefixes.rex & 1) << 3)};
}

std::optional<Instruction> extending_load(Cursor& cursor, const Prefixes& prefixes, uint8_t size, Extension extension) {
  const auto modrm = take_modrm(cursor, prefixes);
  if (!modrm || modrm->mod == 3) return std::nullopt;
  return Instruction{.operation = Operation::mmio_load, .size = size, .width = operand_size(prefixes), .reg = modrm->reg, .extension = extension};
}

std::optional<Instruction> two_byte(Cursor& cursor, const Prefixes& prefixes) {
  const auto opcode = cursor.next();
  if (!opcode) return std::nullopt;
  const auto plain = [](Operation operation) { return Instruction{.operation = operation}; };
  switch (*opcode) {
    case 0x01: {
      const auto modrm = cursor.next();
      if (!modrm) return std::nullopt;
      const auto operation = group_01(*modrm, prefixes);
      if (!operation) return std::nullopt;
      return plain(*operation);
    }
    case 0x08: return plain(Operation::invd);
    case 0x09: return prefixes.repeat ? std::nullopt : std::optional(plain(Operation::wbinvd));  // with REP: WBNOINVD
    case 0x21: return debug_register(cursor, prefixes, Operation::read_dr7);
    case 0x23: return debug_register(cursor, prefixes, Operation::write_dr7);
    case 0x30: return plain(Operation::wrmsr);
    case 0x31: return plain(Operation::rdtsc);
    case 0x32: return plain(Operation::rdmsr);
    case 0x33: return plain(Operation::rdpmc);
    case 0xa2: return plain(Operation::cpuid);
    case 0xb6: return extending_load(cursor, prefixes, 1, Extension::zero);
    case 0xb7: return extending_load(cursor, prefixes, 2, Extension::zero);
    case 0xbe: return extending_load(cursor, prefixes, 1, Extension::sign);
    case 0xbf: return extending_load(cursor, prefixes, 2, Extension::sign);
    default: return std::nullopt;
  }
}

std::optional<Instruction> port_io(uint8_t opcode, Cursor& cursor, const Prefixes& prefixes) {
  const bool byte = (opcode & 1) == 0;
  const auto size = static_cast<uint8_t>(byte ? 1 : prefixes.operand_16 && !prefixes.rex_w() ? 2 : 4);
  Instruction made{.operation = Operation::in, .size = size};
  if ((opcode & 0xfc) == 0x6c) {
    made.operation = (opcode & 2) != 0 ? Operation::outs : Operation::ins;
    made.repeated = prefixes.repeat || prefixes.repeat_not;
    made.port_in_dx = true;
    return made;
  }
  made.operation = (opcode & 2) != 0 ? Operation::out : Operation::in;
  if ((opcode & 8) != 0) {
    made.port_in_dx = true;
    return made;
  }
  const auto port = cursor.next();
  if (!port) return std::nullopt;
  made.port = *port;
  return made;
}

std::optional<Instruction> memory_move(uint8_t opcode, Cursor& cursor, const Prefixes& prefixes) {
  const bool byte = (opcode & 1) == 0;
  const auto size = byte ? uint8_t{1} : operand_size(prefixes);
  if (opcode == 0xa4 || opcode == 0xa5 || opcode == 0xaa || opcode == 0xab) {
    return Instruction{.operation = opcode < 0xa8 ? Operation::mmio_move : Operation::mmio_fill, .size = size, .repeated = prefixes.repeat || prefixes.repeat_not};
  }
  const auto modrm = take_modrm(cursor, prefixes);
  if (!modrm || modrm->mod == 3) return std::nullopt;
  const bool load = opcode == 0x8a || opcode == 0x8b;
  Instruction made{.operation = load ? Operation::mmio_load : Operation::mmio_store, .size = size, .width = load ? size : uint8_t{0}, .reg = modrm->reg};
  if (opcode == 0xc6 || opcode == 0xc7) {
    if ((modrm->reg & 7) != 0) return std::nullopt;
    made.reg = 0;
    made.immediate = take_immediate(cursor, size == 1 ? 1 : size == 2 ? 2 : 4);
    if (!made.immediate) return std::nullopt;
    return made;
  }
  set_byte_register(made, prefixes);
  return made;
}

std::optional<Instruction> one_byte(uint8_t opcode, Cursor& cursor, const Prefixes& prefixes) {
  switch (opcode) {
    case 0x6c:
    case 0x6d:
    case 0x6e:
    case 0x6f:
    case 0xe4:
    case 0xe5:
    case 0xe6:
    case 0xe7:
    case 0xec:
    case 0xed:
    case 0xee:
    case 0xef: return port_io(opcode, cursor, prefixes);
    case 0x88:
    case 0x89:
    case 0x8a:
    case 0x8b:
    case 0xa4:
    case 0xa5:
    case 0xaa:
    case 0xab:
    case 0xc6:
    case 0xc7: return memory_move(opcode, cursor, prefixes);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Instruction> decode_instruction(std::span<const uint8_t> bytes) {
  Cursor cursor{bytes};
  Prefixes prefixes;
  const auto opcode = skip_prefixes(cursor, prefixes);
  if (!opcode || prefixes.lock) return std::nullopt;
  auto made = *opcode == 0x0f ? two_byte(cursor, prefixes) : one_byte(*opcode, cursor, prefixes);
  if (made) made->length = static_cast<uint8_t>(cursor.at);
  return made;
}

uint64_t exit_code_of(Operation operation) {
  switch (operation) {
    case Operation::cpuid: return 0x72;
    case Operation::invd: return 0x76;
    case Operation::wbinvd: return 0x89;
    case Operation::rdtsc: return 0x6e;
    case Operation::rdtscp: return 0x87;
    case Operation::rdmsr:
    case Operation::wrmsr: return 0x7c;
    case Operation::rdpmc: return 0x6f;
    case Operation::vmmcall: return 0x81;
    case Operation::monitor: return 0x8a;
    case Operation::mwait: return 0x8b;
    case Operation::read_dr7: return 0x27;
    case Operation::write_dr7: return 0x37;
    case Operation::in:
    case Operation::out:
    case Operation::ins:
    case Operation::outs: return 0x7b;
    case Operation::mmio_load:
    case Operation::mmio_store:
    case Operation::mmio_move:
    case Operation::mmio_fill: return 0x400;
  }
  return 0;
}

}  // namespace cupel::snp
