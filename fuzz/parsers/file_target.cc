#include "fuzz/parsers/file_target.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace cupel::fuzz {

void FileTarget::expect(bool holds, std::string_view oracle, std::string_view claim, std::string_view got) {
  if (holds || finding_ || std::ranges::find(disabled_, oracle) != disabled_.end()) return;
  finding_ = Finding{std::string(oracle), "the file", std::string(claim), std::string(got)};
}

bool FileTarget::disable_oracle(std::string_view oracle) {
  if (std::ranges::find(oracles(), oracle) == oracles().end()) return false;
  disabled_.emplace_back(oracle);
  return true;
}

std::string FileTarget::run_once(ByteView input) {
  finding_.reset();
  world_.reset({}, std::byte{0x5a});
  std::string said = feed(world_.machine(), input);
  world_.machine().check();
  expect(world_.shut_down(), "leak", "a machine that was taken down leaves nothing in its arena");
  return said;
}

Run FileTarget::run(ByteView input) {
  const std::string said = run_once(input);
  Run run;
  run.trace_hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : said) run.trace_hash = (run.trace_hash ^ static_cast<uint8_t>(c)) * 0x100'0000'01b3;  // FNV-1a
  run.finding = finding_;
  return run;
}

std::string FileTarget::trace(ByteView input) {
  return run_once(input) + (finding_ ? "! " + finding_->oracle + ": " + finding_->expected + "\n" : "");
}

void FileTarget::mutate(Bytes& input, size_t size_max, uint32_t seed) {
  static constexpr std::array<uint64_t, 16> numbers{0, 1, 2, 55, 56, 64, 0xff, 0x1000, 0xffff, 0x40'0000, UINT32_MAX, 0x7fff'ffff'f000, INT64_MAX, 1ull << 63, UINT64_MAX - 0xfff, UINT64_MAX};
  Random random(seed);
  if (input.empty() || random.one_in(64)) input = sample(random);
  for (uint32_t changes = 1 + random.below_low(4); changes > 0 && !input.empty(); --changes) {
    const auto at = random.below(static_cast<uint32_t>(input.size()));
    switch (random.below(6)) {
      case 0: input[at] ^= static_cast<uint8_t>(1u << random.below(8)); break;
      case 1: input[at] = static_cast<uint8_t>(random.next()); break;
      case 2: {  // a field: the numbers that formats trip over, where numbers lie
        const size_t width = size_t{1} << random.below(4), start = at / width * width;
        if (start + width > input.size()) break;
        const uint64_t value = random.pick(numbers) + (random.one_in(3) ? random.below(3) - 1 : 0);
        for (size_t byte = 0; byte < width; ++byte) input[start + byte] = static_cast<uint8_t>(value >> 8 * byte);
        break;
      }
      case 3: input.resize(at); break;
      case 4: {  // a stretch of it, once more at its end
        const Bytes piece(input.begin() + at, input.begin() + std::min<ptrdiff_t>(at + 1 + random.below(1024), static_cast<ptrdiff_t>(input.size())));
        input.insert(input.end(), piece.begin(), piece.end());
        break;
      }
      case 5: std::swap(input[at], input[random.below(static_cast<uint32_t>(input.size()))]); break;
    }
  }
  if (input.size() > size_max) input.resize(size_max);
  if (!random.one_in(8)) mend(input);
}

Bytes FileTarget::cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) {
  Random random(seed);
  const size_t cut = random.below(static_cast<uint32_t>(std::min(first.size(), second.size()) + 1));
  Bytes child(first.begin(), first.begin() + static_cast<ptrdiff_t>(cut));
  child.insert(child.end(), second.begin() + static_cast<ptrdiff_t>(cut), second.end());
  if (child.size() > size_max) child.resize(size_max);
  mend(child);
  return child;
}

Bytes FileTarget::generate(uint32_t seed) {
  Random random(seed);
  return sample(random);
}

// Without each stretch of it, and with zeros in its place.
std::vector<Bytes> FileTarget::simpler(ByteView input) {
  std::vector<Bytes> all;
  const size_t smallest = std::max<size_t>(input.size() / 64, 1);
  for (size_t size = (input.size() + 1) / 2; size >= smallest; size /= 2) {
    for (size_t at = 0; at < input.size(); at += size) {
      const auto start = static_cast<ptrdiff_t>(at), end = static_cast<ptrdiff_t>(std::min(at + size, input.size()));
      Bytes shorter(input.begin(), input.end()), zeroed = shorter;
      shorter.erase(shorter.begin() + start, shorter.begin() + end);
      std::fill(zeroed.begin() + start, zeroed.begin() + end, uint8_t{0});
      all.push_back(std::move(shorter));
      if (!std::ranges::equal(zeroed, input)) all.push_back(std::move(zeroed));
    }
    if (size == 1) break;
  }
  return all;
}

std::string FileTarget::print(ByteView input) {
  std::string out;
  for (size_t at = 0; at < input.size(); at += 16) {
    const ByteView line = input.subspan(at, std::min<size_t>(16, input.size() - at));
    out += fmt::format("{:02x}  # {:#06x}\n", fmt::join(line, " "), at);
  }
  return out;
}

std::expected<ParsedInput, std::string> FileTarget::parse(std::string_view text) {
  ParsedInput parsed;
  for (size_t line_number = 1; !text.empty(); ++line_number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, std::min(text.find('#'), end));
    text.remove_prefix(std::min(end + 1, text.size()));
    for (size_t at = 0; at < line.size();) {
      if (line[at] == ' ') {
        ++at;
        continue;
      }
      uint8_t byte = 0;
      const char* last = line.data() + std::min(at + 2, line.size());
      const auto [stopped, error] = std::from_chars(line.data() + at, last, byte, 16);
      if (error != std::errc{} || stopped != line.data() + at + 2) return std::unexpected(fmt::format("{}:{}: two hexadecimal digits are expected", line_number, at + 1));
      parsed.bytes.push_back(byte);
      at += 2;
    }
  }
  return parsed;
}

}  // namespace cupel::fuzz
