#include "fuzz/program/cursor.hh"

#include <fmt/format.h>

#include <charconv>

#include "libos/base/result.hh"

namespace cupel::fuzz {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
// For messages, which go to terminals.
std::string shown(char c) { return c >= ' ' && c <= '~' ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<uint8_t>(c)); }
constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

}  // namespace

std::string ParseError::text() const { return fmt::format("{}:{}: {}", line, column, message); }

void Cursor::skip_space() {
  while (at_ < line_.size() && is_space(line_[at_])) ++at_;
}

char Cursor::peek() {
  skip_space();
  return at_ < line_.size() && line_[at_] != '#' ? line_[at_] : '\0';
}

// Not by peek(): a line may hold a NUL.
bool Cursor::at_end() {
  skip_space();
  return at_ == line_.size() || line_[at_] == '#';
}

bool Cursor::accept(std::string_view token) {
  skip_space();
  if (!line_.substr(at_).starts_with(token)) return false;
  at_ += token.size();
  return true;
}

std::string_view Cursor::peek_word() {
  skip_space();
  size_t end = at_;
  if (end < line_.size() && is_letter(line_[end])) {
    while (end < line_.size() && (is_letter(line_[end]) || is_digit(line_[end]))) ++end;
  }
  return line_.substr(at_, end - at_);
}

std::string_view Cursor::word() {
  const std::string_view found = peek_word();
  at_ += found.size();
  return found;
}

bool Cursor::accept_word(std::string_view wanted) {
  if (peek_word() != wanted) return false;
  at_ += wanted.size();
  return true;
}

bool Cursor::digit_comes() { return is_digit(peek()); }

std::string_view Cursor::digits() {
  const size_t start = at_;
  while (at_ < line_.size() && is_digit(line_[at_])) ++at_;
  return line_.substr(start, at_ - start);
}

std::unexpected<ParseError> Cursor::expected(std::string_view what) {
  skip_space();
  if (at_end()) return error(fmt::format("expected {}, but the line ends", what));
  const std::string_view found = peek_word();
  return error(fmt::format("expected {}, got '{}'", what, found.empty() ? shown(line_[at_]) : std::string(found)));
}

std::expected<void, ParseError> Cursor::expect(std::string_view token) {
  if (accept(token)) return {};
  return expected(fmt::format("'{}'", token));
}

std::expected<uint64_t, ParseError> Cursor::number() {
  skip_space();
  const size_t start = at_;
  const bool negative = accept("-");
  if (!digit_comes()) {
    at_ = start;
    return expected("a number");
  }
  int base = 10;
  if (line_.substr(at_).starts_with("0x")) base = 16, at_ += 2;
  else if (line_[at_] == '0') base = 8;
  uint64_t value = 0;
  const auto result = std::from_chars(line_.data() + at_, line_.data() + line_.size(), value, base);
  const size_t end = static_cast<size_t>(result.ptr - line_.data());
  if (result.ec == std::errc::result_out_of_range) return error_at(start, "the number does not fit 64 bits");
  if (result.ec != std::errc{} || (end < line_.size() && (is_digit(line_[end]) || is_letter(line_[end])))) {
    return error_at(start, fmt::format("not a number of base {}", base));
  }
  at_ = end;
  return negative ? ~value + 1 : value;
}

std::expected<uint64_t, ParseError> Cursor::number_up_to(uint64_t max, std::string_view what) {
  const size_t start = at();
  const uint64_t value = TRY(number());
  if (value > max) return error_at(start, fmt::format("{} is at most {}", what, max));
  return value;
}

std::optional<uint8_t> Cursor::hex_byte() {
  uint8_t value = 0;
  if (at_ + 2 > line_.size()) return std::nullopt;
  const char* const begin = line_.data() + at_;
  const auto result = std::from_chars(begin, begin + 2, value, 16);
  if (result.ec != std::errc{} || result.ptr != begin + 2) return std::nullopt;
  at_ += 2;
  return value;
}

std::expected<void, ParseError> Cursor::bytes(bool ended, std::vector<std::byte>& out) {
  const size_t start = at(), before = out.size();
  if (accept("{")) {
    TRY(hex(out));
  } else if (accept("\"")) {
    TRY(quoted(out));
    if (ended) out.push_back(std::byte{0});
  } else {
    return expected("\"text\" or {bytes in hex}");
  }
  if (out.size() - before > buffer_max) return error_at(start, fmt::format("an argument has at most {} bytes", buffer_max));
  return {};
}

std::expected<void, ParseError> Cursor::hex(std::vector<std::byte>& out) {
  while (!accept("}")) {
    if (at_end()) return expected("two hex digits or '}'");
    const auto byte = hex_byte();
    if (!byte) return expected("two hex digits or '}'");
    const uint64_t count = accept("*") ? TRY(number_up_to(buffer_max, "a run of bytes")) : 1;
    out.insert(out.end(), count, std::byte{*byte});
    if (out.size() > blob_max) return error(fmt::format("an argument has at most {} bytes", buffer_max));
  }
  return {};
}

std::expected<void, ParseError> Cursor::quoted(std::vector<std::byte>& out) {
  for (;;) {
    if (at_ >= line_.size()) return error("the text has no closing quote");
    char c = line_[at_++];
    if (c == '"') return {};
    if (c == '\\') {
      const char escaped = at_ < line_.size() ? line_[at_++] : '\0';
      if (escaped == 'x') {
        const auto byte = hex_byte();
        if (!byte) return error("\\x needs two hex digits");
        c = static_cast<char>(*byte);
      } else if (escaped == 'n') {
        c = '\n';
      } else if (escaped == 't') {
        c = '\t';
      } else if (escaped == '"' || escaped == '\\') {
        c = escaped;
      } else {
        return error_at(at_ - 1, "known escapes are \\n \\t \\\" \\\\ and \\xHH");
      }
    }
    out.push_back(static_cast<std::byte>(c));
  }
}

std::expected<void, ParseError> Cursor::skip_value() {
  size_t depth = 0;
  std::vector<std::byte> unused;
  for (;;) {
    const char c = peek();
    if (c == '\0') return expected("',' or a closing bracket");
    if (depth == 0 && (c == ',' || c == ')' || c == '}' || c == ']')) return {};
    ++at_;
    if (c == '"') TRY(quoted(unused));
    else if (c == '(' || c == '{' || c == '[') ++depth;
    else if (c == ')' || c == '}' || c == ']') --depth;
  }
}

void Cursor::skip_to_any(std::string_view stops) {
  while (at_ < line_.size() && line_[at_] != '#' && stops.find(line_[at_]) == std::string_view::npos) ++at_;
}

}  // namespace cupel::fuzz
