// The canary: a target that must fail. A campaign which does not find its planted failure would find nothing.
#include <array>

#include "fuzz/target.hh"

namespace cupel::fuzz {
namespace {

constexpr std::string_view song = "tweet";  // said in this order, anything between: a short walk for any engine with feedback
constexpr std::array<std::string_view, 1> oracle_names{"canary"};

// How much of the song the input says. A switch for each step, so that coverage shows the way.
size_t sung(ByteView input) {
  size_t at = 0;
  for (const uint8_t byte : input) {
    switch (at) {
      case 0: at += byte == 't' ? 1 : 0; break;
      case 1: at += byte == 'w' ? 1 : 0; break;
      case 2: at += byte == 'e' ? 1 : 0; break;
      case 3: at += byte == 'e' ? 1 : 0; break;
      case 4: at += byte == 't' ? 1 : 0; break;
      default: return at;
    }
  }
  return at;
}

class Canary final : public Target {
 public:
  std::string_view name() const override { return "canary"; }
  std::span<const std::string_view> oracles() const override { return oracle_names; }
  bool disable_oracle(std::string_view oracle) override {
    if (oracle != oracle_names[0]) return false;
    enabled_ = false;
    return true;
  }
  Run run(ByteView input) override {
    Run result;
    result.trace_hash = sung(input);
    if (enabled_ && sung(input) == song.size()) result.finding = Finding{"canary", std::string(song), "silence", "a song"};
    return result;
  }
  void mutate(Bytes& input, size_t size_max, uint32_t seed) override {
    constexpr std::string_view letters = "tweabc";
    if (input.size() < size_max && seed % 3 != 0) input.push_back(static_cast<uint8_t>(letters[seed / 3 % letters.size()]));
    else if (!input.empty()) input[seed % input.size()] = static_cast<uint8_t>(letters[seed / 7 % letters.size()]);
  }
  Bytes cross(ByteView first, ByteView second, size_t size_max, uint32_t) override {
    Bytes both(first.begin(), first.end());
    both.insert(both.end(), second.begin(), second.end());
    if (both.size() > size_max) both.resize(size_max);
    return both;
  }
  Bytes generate(uint32_t seed) override { return Bytes(1, static_cast<uint8_t>(seed)); }
  std::vector<Bytes> simpler(ByteView input) override {
    std::vector<Bytes> all;
    for (size_t index = 0; index < input.size(); ++index) {
      Bytes less(input.begin(), input.end());
      less.erase(less.begin() + static_cast<ptrdiff_t>(index));
      all.push_back(std::move(less));
    }
    return all;
  }
  std::string print(ByteView input) override { return std::string(input.begin(), input.end()) + "\n"; }
  // Lines that begin with # are comments.
  std::expected<ParsedInput, std::string> parse(std::string_view text) override {
    Bytes bytes;
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      if (!line.starts_with('#')) bytes.insert(bytes.end(), line.begin(), line.end());
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return ParsedInput{std::move(bytes), {}};
  }
  std::string trace(ByteView input) override { return "sang " + std::to_string(sung(input)) + " of " + std::to_string(song.size()) + " letters\n"; }

 private:
  bool enabled_ = true;
};

const TargetInfo info{"canary", "must fail, to show that failures are seen", [] { return std::unique_ptr<Target>(std::make_unique<Canary>()); }};
const TargetRegistration registration(info);

}  // namespace
}  // namespace cupel::fuzz
