#pragma once
#include <expected>

#include "fuzz/program/text.hh"

// Reading one line of a program's text.
namespace cupel::fuzz {

class Cursor {
 public:
  Cursor(std::string_view line, size_t number) : line_(line), number_(number) {}

  // At the next thing that is no space: nothing left, or only a comment.
  bool at_end();
  // Takes `token` if it comes next. Words are to be taken with word() or accept_word().
  bool accept(std::string_view token);
  bool accept_word(std::string_view word);
  // Letters, digits and underscores, beginning with no digit; empty where something else comes.
  std::string_view word();
  std::string_view peek_word();
  bool digit_comes();
  std::string_view digits();
  char peek();  // '\0' at the end

  // Decimal, 0x hex or 0 octal, with a minus or without; of 64 bits.
  std::expected<uint64_t, ParseError> number();
  std::expected<uint64_t, ParseError> number_up_to(uint64_t max, std::string_view what);
  // "text" or {hex}. What is quoted gets a NUL behind it if `ended`.
  std::expected<void, ParseError> bytes(bool ended, std::vector<std::byte>& out);
  std::expected<void, ParseError> expect(std::string_view token);
  // Skips one value, up to a comma or closing bracket of what it stands in.
  std::expected<void, ParseError> skip_value();
  void skip_to_any(std::string_view stops);

  std::unexpected<ParseError> error(std::string message) { return error_at(at_, std::move(message)); }
  std::unexpected<ParseError> error_at(size_t at, std::string message) const {
    return std::unexpected(ParseError{number_, at + 1, std::move(message)});
  }
  // "expected WHAT, got ...".
  std::unexpected<ParseError> expected(std::string_view what);
  size_t at() { return skip_space(), at_; }
  size_t line_number() const { return number_; }

 private:
  void skip_space();
  std::expected<void, ParseError> quoted(std::vector<std::byte>& out);
  std::expected<void, ParseError> hex(std::vector<std::byte>& out);
  std::optional<uint8_t> hex_byte();

  std::string_view line_;
  size_t number_;
  size_t at_ = 0;
};

}  // namespace cupel::fuzz
