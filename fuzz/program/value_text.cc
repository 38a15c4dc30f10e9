#include "fuzz/program/value_text.hh"

#include <algorithm>
#include <bit>
#include <cstring>

#include "libos/interface/args.hh"

namespace cupel::fuzz {

using interface::Kind;
using interface::NamedValue;

static_assert(static_cast<int64_t>(at_cwd) == interface::DirFd::cwd);

namespace {

constexpr size_t run_min = 4;          // equal bytes that are worth a run
constexpr size_t readable_max = 256;   // longer texts are shown in the shorter way

void print_flags(std::span<const NamedValue> values, uint64_t value, std::string& out) {
  uint64_t left = value;
  std::array<bool, 64> chosen{};
  values = values.first(std::min(values.size(), chosen.size()));
  // Names of more bits go first: O_SYNC rather than O_DSYNC and a number.
  for (int bits = 64; bits > 0; --bits) {
    for (size_t index = 0; index < values.size(); ++index) {
      const uint64_t name = values[index].value;
      if (std::popcount(name) != bits || (left & name) != name) continue;
      chosen[index] = true;
      left &= ~name;
    }
  }
  const char* separator = "";
  for (size_t index = 0; index < values.size(); ++index) {
    if (!chosen[index]) continue;
    append(out, "{}{}", separator, values[index].name);
    separator = "|";
  }
  if (left != 0) return append(out, "{}{:#x}", separator, left);
  if (*separator != '\0') return;
  const auto zero = std::ranges::find(values, uint64_t{0}, &NamedValue::value);
  out += zero == values.end() ? std::string_view("0") : zero->name;
}

bool is_printable(std::byte byte) {
  const auto c = static_cast<char>(byte);
  return (c >= ' ' && c <= '~') || c == '\n' || c == '\t';
}

std::string in_hex(std::span<const std::byte> bytes) {
  std::string out = "{";
  for (size_t at = 0; at < bytes.size();) {
    const auto end = std::find_if(bytes.begin() + static_cast<ptrdiff_t>(at), bytes.end(), [&](std::byte byte) { return byte != bytes[at]; });
    const size_t run = static_cast<size_t>(end - bytes.begin()) - at;
    if (out.size() > 1) out += ' ';
    append(out, "{:02x}", static_cast<unsigned>(bytes[at]));
    if (run >= run_min) append(out, "*{}", run);
    at += run >= run_min ? run : 1;
  }
  return out + "}";
}

std::string in_quotes(std::span<const std::byte> bytes) {
  std::string out = "\"";
  for (const std::byte byte : bytes) {
    const auto c = static_cast<char>(byte);
    if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (c == '"' || c == '\\') out += '\\', out += c;
    else if (is_printable(byte)) out += c;
    else append(out, "\\x{:02x}", static_cast<unsigned>(byte));
  }
  return out + "\"";
}

}  // namespace

void print_number(uint64_t value, std::string& out) {
  const auto number = static_cast<int64_t>(value);
  if (number >= -4096 && number < 65536) append(out, "{}", number);
  else append(out, "{:#x}", value);
}

void print_value(Kind kind, std::span<const NamedValue> values, uint64_t value, std::string& out) {
  if (kind == Kind::flags) return print_flags(values, value, out);
  if (kind == Kind::dir_fd && value == at_cwd) return static_cast<void>(out += at_cwd_name);
  if (kind == Kind::mode && value < 0x10000) return value == 0 ? static_cast<void>(out += '0') : append(out, "0{:o}", value);
  const auto named = std::ranges::find(values, value, &NamedValue::value);
  if (named != values.end()) out += named->name;
  else print_number(value, out);
}

uint64_t field_of(const interface::FieldDesc& field, std::span<const std::byte> record) {
  uint64_t value = 0;
  if (field.offset >= record.size()) return 0;
  const size_t size = std::min<size_t>(field.size, sizeof(value));
  const auto bytes = record.subspan(field.offset);
  std::memcpy(&value, bytes.data(), std::min(size, bytes.size()));
  if (!field.is_signed || size == 0) return value;
  const unsigned unused = static_cast<unsigned>(8 * (sizeof(value) - size));
  return static_cast<uint64_t>(static_cast<int64_t>(value << unused) >> unused);
}

void print_field(const interface::FieldDesc& field, uint64_t value, std::string& out) { print_value(field.kind, field.values, value, out); }

void print_bytes(std::span<const std::byte> bytes, std::string& out) {
  std::string hex = in_hex(bytes);
  if (!bytes.empty() && std::ranges::all_of(bytes, is_printable)) {
    std::string quoted = in_quotes(bytes);
    if (bytes.size() <= readable_max || quoted.size() < hex.size()) return static_cast<void>(out += quoted);
  }
  out += hex;
}

void print_text(std::span<const std::byte> bytes, std::string& out) {
  if (bytes.empty() || bytes.back() != std::byte{0}) return static_cast<void>(out += in_hex(bytes));
  const std::string hex = in_hex(bytes), quoted = in_quotes(bytes.first(bytes.size() - 1));
  out += bytes.size() <= readable_max || quoted.size() < hex.size() ? quoted : hex;
}

}  // namespace cupel::fuzz
