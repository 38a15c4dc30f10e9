#include "fuzz/program/program_target.hh"

#include "fuzz/program/codec.hh"
#include "fuzz/program/normal_form.hh"
#include "fuzz/program/simpler.hh"
#include "fuzz/program/text.hh"

namespace cupel::fuzz {

const Program& ProgramTarget::decoded(ByteView input) {
  decode(grammar_, input, program_);
  return program_;
}

// Gives up steps from the end until the rest fits.
void ProgramTarget::encode_within(size_t size_max, Program& program, Bytes& out) {
  encode(grammar_, program, out);
  std::vector<std::byte> spare;
  while (out.size() > size_max && !program.steps.empty()) {
    const size_t kept = program.steps.size() / 2;
    erase_steps(grammar_, program, kept, program.steps.size() - kept, Dangling::minus_one);
    normalise(grammar_, program, spare);
    encode(grammar_, program, out);
  }
  if (out.size() > size_max) out.resize(size_max);  // what is cut decodes as well
}

void ProgramTarget::mutate(Bytes& input, size_t size_max, uint32_t seed) {
  Random random(seed);
  decode(grammar_, input, program_);
  mutator_.mutate(random, program_);
  encode_within(size_max, program_, input);
}

Bytes ProgramTarget::cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) {
  Random random(seed);
  decode(grammar_, first, program_);
  decode(grammar_, second, other_);
  mutator_.cross(random, program_, other_, program_);
  Bytes out;
  encode_within(size_max, program_, out);
  return out;
}

Bytes ProgramTarget::generate(uint32_t seed) {
  Random random(seed);
  mutator_.generator().generate(random, program_);
  Bytes out;
  encode(grammar_, program_, out);
  return out;
}

std::vector<Bytes> ProgramTarget::simpler(ByteView input) {
  std::vector<Bytes> all;
  for (const Program& program : fuzz::simpler(grammar_, decoded(input))) encode(grammar_, program, all.emplace_back());
  return all;
}

std::string ProgramTarget::print(ByteView input) { return fuzz::print(grammar_, decoded(input)); }

std::expected<ParsedInput, std::string> ProgramTarget::parse(std::string_view text) {
  auto parsed = fuzz::parse(grammar_, text);
  if (!parsed) return std::unexpected(parsed.error().text());
  ParsedInput out{.bytes = {}, .warnings = std::move(parsed->warnings)};
  encode(grammar_, parsed->program, out.bytes);
  return out;
}

}  // namespace cupel::fuzz
