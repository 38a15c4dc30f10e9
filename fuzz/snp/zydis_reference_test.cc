// Our decoder and Zydis, over every short opcode with many tails.
#include "fuzz/snp/zydis_reference.hh"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platforms/mock/chance.hh"

namespace cupel::fuzz::snp {
namespace {

std::string text(const std::optional<cupel::snp::Instruction>& one) {
  if (!one) return "none";
  return fmt::format("operation {} length {} size {} width {} reg {}{}{}{} port {} extension {} immediate {:#x}", static_cast<int>(one->operation), one->length, one->size, one->width, one->reg,
                     one->high_byte ? " high" : "", one->repeated ? " repeated" : "", one->port_in_dx ? " dx" : "", one->port, static_cast<int>(one->extension), one->immediate.value_or(0));
}

TEST(Instruction, IsWhatZydisSaysForEveryOpcodeAndPrefix) {
  constexpr uint8_t prefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0x48, 0x40, 0x44, 0x41, 0x2e, 0x65, 0xf0};
  uint64_t state = 1;
  size_t decoded = 0, wrong = 0;
  for (unsigned turn = 0; turn < 600'000 && wrong < 20; ++turn) {
    std::vector<uint8_t> bytes;
    for (uint64_t count = mock::splitmix64(state) % 4; count > 0; --count) bytes.push_back(prefixes[mock::splitmix64(state) % std::size(prefixes)]);
    if (turn % 2 == 0) bytes.push_back(0x0f);
    bytes.push_back(static_cast<uint8_t>(turn / 2));
    for (uint64_t count = mock::splitmix64(state) % 12; count > 0; --count) bytes.push_back(static_cast<uint8_t>(mock::splitmix64(state) >> 20));
    if (bytes.size() > cupel::snp::instruction_size_max) bytes.resize(cupel::snp::instruction_size_max);
    const auto ours = cupel::snp::decode_instruction(bytes), theirs = zydis_instruction(bytes);
    decoded += ours ? 1 : 0;
    if (ours == theirs) continue;
    ++wrong;
    std::string hex;
    for (const uint8_t byte : bytes) hex += fmt::format("{:02x} ", byte);
    ADD_FAILURE() << hex << "\n  ours:   " << text(ours) << "\n  theirs: " << text(theirs);
  }
  EXPECT_GT(decoded, 8'000u) << "too few of the inputs were instructions of ours";
}

}  // namespace
}  // namespace cupel::fuzz::snp
