#include <algorithm>

#include "fuzz/program/codec.hh"
#include "fuzz/program/mutate.hh"
#include "fuzz/program/text.hh"
#include "fuzz/target.hh"
#include "shims/linux/shim.hh"

// The input is a program's text as somebody may have typed it. If it parses, what is printed of it parses to the same
// program, and so does its encoding.
namespace cupel::fuzz {
namespace {

constexpr std::array<std::string_view, 1> oracle_names{"round_trip"};

std::string_view as_text(ByteView bytes) {
  // SAFETY: characters may look at any bytes.
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Bytes as_bytes(std::string_view text) { return Bytes(text.begin(), text.end()); }

uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100'0000'01b3;  // FNV-1a
  return hash;
}

class ProgramText final : public Target {
 public:
  ProgramText() : grammar_(linux_shim::description()), mutator_(grammar_) {}

  std::string_view name() const override { return "program_text"; }
  std::span<const std::string_view> oracles() const override { return oracle_names; }
  bool disable_oracle(std::string_view oracle) override { return oracle == oracle_names[0] && (round_trip_ = false, true); }

  Run run(ByteView input) override {
    const auto parsed = fuzz::parse(grammar_, as_text(input));
    const std::string printed = parsed ? fuzz::print(grammar_, parsed->program) : parsed.error().text();
    Run run;
    run.trace_hash = hash_of(printed);
    if (!parsed || !round_trip_) return run;
    const auto again = fuzz::parse(grammar_, printed);
    if (!again) {
      run.finding = finding(parsed->program, printed, again.error().text());
    } else if (!(again->program == parsed->program)) {
      run.finding = finding(parsed->program, printed, fuzz::print(grammar_, again->program));
    } else if (!again->warnings.empty()) {
      run.finding = finding(parsed->program, printed, again->warnings[0]);
    } else {
      encode(grammar_, parsed->program, encoded_);
      decode(grammar_, encoded_, decoded_);
      if (!(decoded_ == parsed->program)) run.finding = finding(parsed->program, printed, fuzz::print(grammar_, decoded_));
    }
    return run;
  }

  void mutate(Bytes& input, size_t size_max, uint32_t seed) override {
    Random random(seed);
    const auto parsed = fuzz::parse(grammar_, as_text(input));
    if (parsed && random.one_in(2)) {
      Program program = parsed->program;
      mutator_.mutate(random, program);
      input = as_bytes(fuzz::print(grammar_, program));
    } else {
      mutate_text(random, input);
    }
    if (input.size() > size_max) input.resize(size_max);
  }
  Bytes cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) override {
    Random random(seed);
    const auto cut = [&](ByteView of) { return random.below(static_cast<uint32_t>(of.size() + 1)); };
    const ByteView head = first.first(cut(first)), tail = second.subspan(cut(second));
    Bytes child(head.begin(), head.end());
    child.insert(child.end(), tail.begin(), tail.end());
    if (child.size() > size_max) child.resize(size_max);
    return child;
  }
  Bytes generate(uint32_t seed) override {
    Random random(seed);
    Program program;
    mutator_.generator().generate(random, program);
    return as_bytes(fuzz::print(grammar_, program));
  }
  // Without each stretch of it, halves first; down to single characters where it is short.
  std::vector<Bytes> simpler(ByteView input) override {
    std::vector<Bytes> all;
    const size_t smallest = std::max<size_t>(input.size() / 256, 1);
    for (size_t size = (input.size() + 1) / 2; size >= smallest && size > 0; size /= 2) {
      for (size_t at = 0; at < input.size(); at += size) {
        Bytes& rest = all.emplace_back(input.begin(), input.end());
        rest.erase(rest.begin() + static_cast<ptrdiff_t>(at), rest.begin() + static_cast<ptrdiff_t>(std::min(at + size, rest.size())));
      }
    }
    return all;
  }

  std::string print(ByteView input) override { return std::string(as_text(input)); }
  std::expected<ParsedInput, std::string> parse(std::string_view text) override { return ParsedInput{as_bytes(text), {}}; }
  std::string trace(ByteView input) override {
    const auto parsed = fuzz::parse(grammar_, as_text(input));
    if (!parsed) return parsed.error().text() + "\n";
    std::string out;
    for (const std::string& warning : parsed->warnings) out += "# " + warning + "\n";
    return out + fuzz::print(grammar_, parsed->program);
  }

 private:
  Finding finding(const Program& program, std::string expected, std::string got) const {
    const std::string first = program.steps.empty() ? "an empty program" : "0: " + print_step(grammar_, program, 0);
    return {std::string(oracle_names[0]), first, std::move(expected), std::move(got)};
  }

  // The characters and words that mean something, where something else was.
  void mutate_text(Random& random, Bytes& input) const {
    static constexpr std::array<std::string_view, 28> tokens{
        "(", ")", "{", "}", "[", "]", ",", "|", "\"", "\\x", "\\", "*", "+", "-", "=", ";", "@", "#",
        "r0", ".1", "0x", "\n", "edge(", "read_only(", "null", "out", "18446744073709551615", " ; task 1"};
    const auto at = static_cast<ptrdiff_t>(random.below(static_cast<uint32_t>(input.size() + 1)));
    const auto left = static_cast<uint32_t>(input.size() - static_cast<size_t>(at));
    if (random.one_in(3) && left > 0) {
      input.erase(input.begin() + at, input.begin() + at + 1 + random.below(std::min(left, 8u)));
    } else if (random.one_in(4) && left > 0) {
      input[static_cast<size_t>(at)] = static_cast<uint8_t>(random.next());
    } else {
      const std::string_view token = random.pick(tokens);
      input.insert(input.begin() + at, token.begin(), token.end());
    }
  }

  Grammar grammar_;
  Mutator mutator_;
  bool round_trip_ = true;
  std::vector<uint8_t> encoded_;
  Program decoded_;
};

const TargetInfo info{"program_text", "the text form of fuzz programs: parse, print, parse again",
                      [] { return std::unique_ptr<Target>(std::make_unique<ProgramText>()); }};
const TargetRegistration registration(info);

}  // namespace
}  // namespace cupel::fuzz
