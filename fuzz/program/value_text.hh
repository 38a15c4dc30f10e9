#pragma once
#include <fmt/format.h>

#include <string>

#include "libos/interface/desc.hh"

// Values as programs and traces show them. All append to `out`.
namespace cupel::fuzz {

template <class... T>
void append(std::string& out, fmt::format_string<T...> format, T&&... values) {
  fmt::format_to(std::back_inserter(out), format, std::forward<T>(values)...);
}

// Small numbers in decimal, with their sign, others in hex.
void print_number(uint64_t value, std::string& out);
// As the kind suggests: names joined with |, octal for modes, AT_FDCWD. The bits without a name follow in hex.
void print_value(interface::Kind kind, std::span<const interface::NamedValue> values, uint64_t value, std::string& out);
// A struct's field, from its bytes in memory (as many as there are of it; the others count as zero).
uint64_t field_of(const interface::FieldDesc& field, std::span<const std::byte> record);
void print_field(const interface::FieldDesc& field, uint64_t value, std::string& out);
// "text" where that reads better, else {hex}; both with escapes or runs: {00*16 ff}.
void print_bytes(std::span<const std::byte> bytes, std::string& out);
// A NUL-terminated text without its NUL; as print_bytes() where there is none.
void print_text(std::span<const std::byte> bytes, std::string& out);

inline constexpr std::string_view at_cwd_name = "AT_FDCWD";
inline constexpr uint64_t at_cwd = ~uint64_t{99};  // -100: DirFd::cwd

}  // namespace cupel::fuzz
