#include "fuzz/program/codec.hh"
#include "fuzz/program/normal_form.hh"
#include "fuzz/program/text.hh"
#include "props/properties/arbitrary_program.hh"

namespace cupel::fuzz {
namespace {

std::vector<uint8_t> encoded(const Grammar& grammar, const Program& program) {
  std::vector<uint8_t> bytes;
  encode(grammar, program, bytes);
  return bytes;
}
Program decoded(const Grammar& grammar, std::span<const uint8_t> bytes) {
  Program program;
  decode(grammar, bytes, program);
  return program;
}

RC_GTEST_PROP(ProgramEncoding, AnyBytesAreANormalProgramWithinTheBounds, (const std::vector<uint8_t>& bytes)) {
  for (const Grammar* grammar : grammars()) {
    const Program program = decoded(*grammar, bytes);
    RC_ASSERT(program.steps.size() <= steps_max);
    RC_ASSERT(program.blob.size() <= blob_max);
    Program again = program;
    std::vector<std::byte> spare;
    normalise(*grammar, again, spare);
    RC_ASSERT(again == program);
  }
}

RC_GTEST_PROP(ProgramEncoding, EncodingWhatBytesDecodeToIsStable, (const std::vector<uint8_t>& bytes)) {
  for (const Grammar* grammar : grammars()) {
    const auto once = encoded(*grammar, decoded(*grammar, bytes));
    RC_ASSERT(encoded(*grammar, decoded(*grammar, once)) == once);
  }
}

// Bytes of few distinct values get further into steps than uniform ones.
RC_GTEST_PROP(ProgramEncoding, EncodingWhatDamagedEncodingsDecodeToIsStable, (const ArbitraryProgram& arbitrary, uint64_t seed)) {
  const Grammar& grammar = *arbitrary.grammar;
  auto bytes = encoded(grammar, arbitrary.program);
  for (int left = 0; left < 8; ++left, seed = seed * 6364136223846793005u + 1442695040888963407u) {
    bytes[(seed >> 33) % bytes.size()] = static_cast<uint8_t>(seed >> 20);
  }
  const Program program = decoded(grammar, bytes);
  RC_ASSERT(decoded(grammar, encoded(grammar, program)) == program);
  RC_ASSERT(parse(grammar, print(grammar, program))->program == program);
}

RC_GTEST_PROP(ProgramEncoding, ANormalProgramComesBackFromItsBytes, (const ArbitraryProgram& arbitrary)) {
  RC_ASSERT(decoded(*arbitrary.grammar, encoded(*arbitrary.grammar, arbitrary.program)) == arbitrary.program);
}

RC_GTEST_PROP(ProgramEncoding, ANormalProgramComesBackFromItsTextWithoutAWarning, (const ArbitraryProgram& arbitrary)) {
  const auto parsed = parse(*arbitrary.grammar, print(*arbitrary.grammar, arbitrary.program));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->warnings.empty());
  RC_ASSERT(parsed->program == arbitrary.program);
}

RC_GTEST_PROP(ProgramEncoding, AnyTextIsAProgramOrAnErrorThatSaysWhere, (const std::string& text)) {
  for (const Grammar* grammar : grammars()) {
    const auto parsed = parse(*grammar, text);
    if (parsed) continue;
    RC_ASSERT(parsed.error().line >= 1u);
    RC_ASSERT(parsed.error().column >= 1u);
    RC_ASSERT(parsed.error().column <= text.size() + 1);
    RC_ASSERT(!parsed.error().message.empty());
  }
}

}  // namespace
}  // namespace cupel::fuzz
