#include "fuzz/host/known_differences.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>

#include "libos/base/check.hh"
#include "libos/base/errno.hh"

namespace cupel::host {

extern const std::string_view known_differences_text;  // of known_differences.txt, put in by the build

namespace {

constexpr uint64_t success = 0;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<uint64_t> number(std::string_view text) {
  const int base = text.starts_with("0x") ? 16 : 10;
  if (base == 16) text.remove_prefix(2);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "ok", or an error by its name.
std::optional<uint64_t> outcome(std::string_view text) {
  if (text == "ok") return success;
  for (uint16_t value = 1; value < 134; ++value) {
    if (errno_name(static_cast<Errno>(value)) == text) return value;
  }
  return std::nullopt;
}

// Whether a list with commas has the name.
bool names(std::string_view list, std::string_view name) {
  for (const auto part : std::views::split(list, ',')) {
    if (std::string_view(part.begin(), part.end()) == name) return true;
  }
  return false;
}

bool came_out_as(int64_t value, uint64_t wanted) {
  const bool failed = value < 0 && value >= -4095;
  return wanted == success ? !failed : failed && static_cast<uint64_t>(-value) == wanted;
}

}  // namespace

std::optional<KnownDifferences::Term> KnownDifferences::parse_term(std::string_view word) {
  using What = Term::What;
  const auto with = [](What what, uint8_t index, std::optional<uint64_t> value) -> std::optional<Term> {
    if (!value) return std::nullopt;
    return Term{what, index, *value};
  };
  if (word == "bytes") return Term{What::bytes, 0, 0};
  if (word == "model-allows-both") return Term{What::allowed, 0, 0};
  if (word.starts_with("libos=")) return with(What::libos, 0, outcome(word.substr(6)));
  if (word.starts_with("kernel=")) return with(What::kernel, 0, outcome(word.substr(7)));
  if (word.size() > 5 && word.starts_with("arg") && word[3] >= '0' && word[3] < '6') {
    const auto index = static_cast<uint8_t>(word[3] - '0');
    if (word[4] == '&') return with(What::register_bits, index, number(word.substr(5)));
    if (word[4] == '=') return with(What::register_value, index, number(word.substr(5)));
  }
  return std::nullopt;
}

std::expected<KnownDifferences, std::string> KnownDifferences::parse(std::string_view text) {
  KnownDifferences all;
  size_t line_number = 0;
  for (const auto part : std::views::split(text, '\n')) {
    const std::string_view line = trimmed(std::string_view(part.begin(), part.end()));
    ++line_number;
    if (line.empty() || line.starts_with('#')) continue;
    const size_t first = line.find(" : "), second = line.find(" : ", first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos) return std::unexpected(fmt::format("line {}: expected `calls : condition : reason`", line_number));
    const auto condition = trimmed(line.substr(first + 3, second - first - 3));
    std::vector<Term> terms;
    for (const auto word : std::views::split(condition, ' ')) {
      const auto term = parse_term(std::string_view(word.begin(), word.end()));
      if (!term) return std::unexpected(fmt::format("line {}: unknown condition `{}`", line_number, std::string_view(word.begin(), word.end())));
      terms.push_back(*term);
    }
    all.lines_.push_back({std::string(trimmed(line.substr(0, first))), std::string(condition), std::string(trimmed(line.substr(second + 3)))});
    all.terms_.push_back(std::move(terms));
  }
  return all;
}

const KnownDifferences& KnownDifferences::project() {
  static const KnownDifferences all = [] {
    auto parsed = parse(known_differences_text);
    CHECK(parsed.has_value());
    return std::move(*parsed);
  }();
  return all;
}

bool KnownDifferences::holds(const Term& term, const Seen& seen) {
  switch (term.what) {
    case Term::What::libos: return came_out_as(seen.libos, term.value);
    case Term::What::kernel: return seen.kernel && came_out_as(*seen.kernel, term.value);
    case Term::What::register_bits: return (seen.registers[term.index] & term.value) != 0;
    case Term::What::register_value: return seen.registers[term.index] == term.value;
    case Term::What::bytes: return seen.in_bytes;
    case Term::What::allowed: return seen.model_allows_both;
  }
  return false;
}

std::optional<size_t> KnownDifferences::find(const Seen& seen) const {
  for (size_t line = 0; line < lines_.size(); ++line) {
    if (!names(lines_[line].calls, seen.call)) continue;
    if (std::all_of(terms_[line].begin(), terms_[line].end(), [&](const Term& term) { return holds(term, seen); })) return line;
  }
  return std::nullopt;
}

}  // namespace cupel::host
