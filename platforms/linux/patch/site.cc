#include "platforms/linux/patch/site.hh"

#include <Zydis/Decoder.h>

#include <cstring>

#include "libos/base/check.hh"
#include "platforms/linux/slot.hh"

namespace cupel::on_linux {
namespace {

constexpr size_t jump_size = 5;
constexpr unsigned agreements_min = 8;  // starts whose readings must lead to the same instruction

constexpr std::byte byte(unsigned value) { return static_cast<std::byte>(value); }

bool decode(const ZydisDecoder& decoder, std::span<const std::byte> code, ZydisDecodedInstruction& out) {
  return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, nullptr, code.data(), code.size(), &out));
}

// Whether it does the same wherever it stands, and then goes on with what is behind it.
bool may_move(const ZydisDecodedInstruction& instruction) {
  if ((instruction.attributes & ZYDIS_ATTRIB_IS_RELATIVE) != 0) return false;
  switch (instruction.meta.category) {
    case ZYDIS_CATEGORY_DATAXFER:
    case ZYDIS_CATEGORY_LOGICAL:
    case ZYDIS_CATEGORY_BINARY: return (instruction.attributes & ZYDIS_ATTRIB_HAS_LOCK) == 0;
    default: return false;
  }
}

}  // namespace

std::optional<Movable> movable_before(std::span<const std::byte> code) {
  if (code.size() < syscall_size + jump_size) return {};
  const size_t site = code.size() - syscall_size;
  if (code[site] != byte(0x0f) || code[site + 1] != byte(0x05)) return {};
  ZydisDecoder decoder;
  if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64))) return {};
  size_t last = site;
  unsigned agreements = 0;
  ZydisDecodedInstruction instruction{};
  // Reading code from any byte soon falls into step with it. Where two ways lead to the site by different instructions,
  // nobody knows which one runs.
  for (size_t start = 0; start + instruction_size_max < site; ++start) {
    size_t at = start, before = start;
    while (at < site) {
      if (!decode(decoder, code.subspan(at), instruction)) break;
      before = at;
      at += instruction.length;
    }
    if (at != site) continue;
    if (last != site && last != before) return {};
    last = before;
    ++agreements;
  }
  if (agreements < agreements_min) return {};
  const auto bytes = code.subspan(last, site - last);
  if (bytes.size() < jump_size || !decode(decoder, bytes, instruction) || instruction.length != bytes.size() || !may_move(instruction)) return {};
  Movable found{.size = bytes.size()};
  found.loads_number = bytes[0] == byte(0xb8) && bytes.size() == jump_size;
  if (found.loads_number) std::memcpy(&found.number, bytes.data() + 1, sizeof(found.number));
  return found;
}

std::optional<Jump> jump_from(uint64_t from, uint64_t to, size_t size) {
  CHECK(size >= jump_size);
  CHECK(size <= instruction_size_max);
  const auto distance = static_cast<int64_t>(to - (from + jump_size));
  if (distance > INT32_MAX || distance < INT32_MIN) return {};
  const auto displacement = static_cast<int32_t>(distance);
  Jump jump;
  jump.fill(byte(0x90));  // nop: never run, the jump is before it
  jump[0] = byte(0xe9);
  std::memcpy(&jump[1], &displacement, sizeof(displacement));
  return jump;
}

std::array<std::byte, trampoline_size> trampoline(uint64_t at, uint64_t behind_site, std::span<const std::byte> moved) {
  std::array<std::byte, trampoline_size> code;
  code.fill(byte(0xcc));
  std::memcpy(code.data(), moved.data(), moved.size());
  size_t size = moved.size();
  // lea rcx, [rip + displacement]
  constexpr unsigned lea[]{0x48, 0x8d, 0x0d};
  for (const unsigned part : lea) code[size++] = byte(part);
  const auto displacement = static_cast<int32_t>(static_cast<int64_t>(behind_site - (at + size + 4)));
  std::memcpy(&code[size], &displacement, sizeof(displacement));
  size += sizeof(displacement);
  // jmp qword ptr gs:[gate]
  constexpr unsigned jump[]{0x65, 0xff, 0x24, 0x25};
  for (const unsigned part : jump) code[size++] = byte(part);
  const auto gate = static_cast<uint32_t>(slot_offset::gate);
  std::memcpy(&code[size], &gate, sizeof(gate));
  return code;
}

}  // namespace cupel::on_linux
