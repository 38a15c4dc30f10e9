#include "fuzz/program/program_target.hh"

#include "fuzz/program/codec.hh"
#include "fuzz/program/normal_form.hh"
#include "fuzz/program/simpler.hh"
#include "fuzz/program/text.hh"

namespace cupel::fuzz {
namespace {

// A recorded program of hundreds of calls takes as long as a hundred generated ones, and most of what is wrong shows in a
// few calls. So that long seeds do not take the whole of a short campaign: how often a program is made anew, and how
// often only an excerpt of one goes on.
constexpr uint32_t fresh_percent = 45, excerpt_percent = 75;
constexpr size_t excerpt_steps_max = 24;

}  // namespace

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
  if (random.percent(fresh_percent)) {
    input = generate(seed);
    if (input.size() > size_max) input.resize(size_max);
    return;
  }
  decode(grammar_, input, program_);
  if (random.percent(excerpt_percent)) mutator_.excerpt(random, excerpt_steps_max, program_);
  mutator_.mutate(random, program_);
  encode_within(size_max, program_, input);
}

Bytes ProgramTarget::cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) {
  Random random(seed);
  decode(grammar_, first, program_);
  decode(grammar_, second, other_);
  if (random.percent(excerpt_percent)) {
    mutator_.excerpt(random, excerpt_steps_max / 2, program_);
    mutator_.excerpt(random, excerpt_steps_max / 2, other_);
  }
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
