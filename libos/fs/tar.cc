#include "libos/fs/tar.hh"

#include <algorithm>
#include <cstring>

namespace cupel::libos {
namespace {

struct Field {
  size_t offset, size;
};
constexpr Field name_field{0, 100}, mode_field{100, 8}, uid_field{108, 8}, gid_field{116, 8}, size_field{124, 12}, time_field{136, 12},
    checksum_field{148, 8}, type_field{156, 1}, target_field{157, 100}, magic_field{257, 6}, prefix_field{345, 155};
constexpr uint64_t size_max = uint64_t{1} << 40;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};  // SAFETY: characters may look at any bytes
}
std::string_view until_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

std::string_view text_of(std::span<const std::byte> block, Field field) { return until_nul(as_text(block.subspan(field.offset, field.size))); }

// Octal digits between blanks, or GNU's base 256 for what has no room so.
Result<uint64_t> number_of(std::span<const std::byte> block, Field field) {
  const auto bytes = block.subspan(field.offset, field.size);
  uint64_t value = 0;
  if ((bytes[0] & std::byte{0x80}) != std::byte{}) {
    if (bytes[0] != std::byte{0x80}) return fail(Errno::inval);  // negative, or beyond 64 bits
    for (const std::byte byte : bytes.subspan(1)) {
      if (value >> 56 != 0) return fail(Errno::inval);
      value = value << 8 | static_cast<uint8_t>(byte);
    }
    return value;
  }
  std::string_view digits = until_nul(as_text(bytes));
  while (!digits.empty() && digits.front() == ' ') digits.remove_prefix(1);
  while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  for (const char digit : digits) {
    if (digit < '0' || digit > '7') return fail(Errno::inval);
    value = value << 3 | static_cast<uint64_t>(digit - '0');  // 12 digits at most: 36 bits
  }
  return value;
}

Result<uint64_t> decimal(std::string_view text) {
  if (text.empty() || text.size() > 18) return fail(Errno::inval);
  uint64_t value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return fail(Errno::inval);
    value = value * 10 + static_cast<uint64_t>(digit - '0');
  }
  return value;
}

bool is_zero(std::span<const std::byte> block) {
  return std::ranges::all_of(block, [](std::byte byte) { return byte == std::byte{}; });
}

bool checksum_holds(std::span<const std::byte> block) {
  uint64_t sum = 0;
  for (size_t index = 0; index < block.size(); ++index) {
    const bool is_sum = index >= checksum_field.offset && index < checksum_field.offset + checksum_field.size;
    sum += is_sum ? uint64_t{' '} : static_cast<uint8_t>(block[index]);
  }
  const auto said = number_of(block, checksum_field);
  return said && *said == sum;
}

}  // namespace

Result<std::span<const std::byte>> TarReader::take(uint64_t size) {
  if (size > rest_.size()) return fail(Errno::inval);
  const auto bytes = rest_.first(size);
  const uint64_t rounded = (size + block_size - 1) / block_size * block_size;  // size is at most that of the archive
  rest_ = rest_.subspan(std::min<uint64_t>(rounded, rest_.size()));
  return bytes;
}

// "length key=value\n", the length being that of the whole record.
Result<> TarReader::read_pax(std::span<const std::byte> records, Extended& out) {
  for (std::string_view rest = as_text(records); !rest.empty();) {
    const size_t blank = rest.find(' ');
    if (blank == std::string_view::npos) return fail(Errno::inval);
    const uint64_t size = TRY(decimal(rest.substr(0, blank)));
    if (size < blank + 4 || size > rest.size() || rest[size - 1] != '\n') return fail(Errno::inval);
    const std::string_view record = rest.substr(blank + 1, size - blank - 2);
    rest.remove_prefix(size);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos) return fail(Errno::inval);
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") out.path = until_nul(value);
    if (key == "linkpath") out.target = until_nul(value);
    if (key == "size") out.size = TRY(decimal(value));
    if (key == "uid") out.uid = TRY(decimal(value));
    if (key == "gid") out.gid = TRY(decimal(value));
    if (key == "mtime" && !value.starts_with('-')) out.modified = static_cast<int64_t>(TRY(decimal(value.substr(0, value.find('.')))));
  }
  return {};
}

Result<std::optional<TarEntry>> TarReader::next() {
  Extended extended;
  for (;;) {
    if (rest_.empty()) return std::nullopt;
    const auto bytes = TRY(take(block_size));
    if (bytes.size() < block_size) return fail(Errno::inval);
    const Block block(bytes);
    if (is_zero(block)) {
      rest_ = {};
      return std::nullopt;
    }
    if (!checksum_holds(block)) return fail(Errno::inval);
    const auto type = static_cast<char>(block[type_field.offset]);
    if (type != 'x' && type != 'g' && type != 'L' && type != 'K') return std::optional(TRY(entry(block, extended)));
    const auto content = TRY(take(TRY(number_of(block, size_field))));
    if (type == 'x') TRY(read_pax(content, extended));
    if (type == 'L') extended.path = until_nul(as_text(content));
    if (type == 'K') extended.target = until_nul(as_text(content));
  }
}

Result<TarEntry> TarReader::entry(Block block, const Extended& extended) {
  TarEntry out{};
  const bool is_ustar = text_of(block, magic_field).starts_with("ustar");
  switch (static_cast<char>(block[type_field.offset])) {
    case '\0': case '0': case '7': out.type = TarEntry::Type::file; break;
    case '1': out.type = TarEntry::Type::hard_link; break;
    case '2': out.type = TarEntry::Type::symlink; break;
    case '5': out.type = TarEntry::Type::directory; break;
    default: return fail(Errno::opnotsupp);
  }
  out.path = text_of(block, name_field);
  if (const auto prefix = text_of(block, prefix_field); is_ustar && !prefix.empty()) {
    const size_t size = prefix.size() + 1 + out.path.size();  // 155 + 1 + 100 at most
    std::memcpy(joined_.data(), prefix.data(), prefix.size());
    joined_[prefix.size()] = '/';
    std::memcpy(joined_.data() + prefix.size() + 1, out.path.data(), out.path.size());
    out.path = {joined_.data(), size};
  }
  if (!extended.path.empty()) out.path = extended.path;
  out.target = extended.target.empty() ? text_of(block, target_field) : extended.target;
  if (out.path.empty()) return fail(Errno::inval);
  if (out.path.size() >= path_max || out.target.size() >= path_max) return fail(Errno::nametoolong);
  // Before there was a type for directories, a slash said it.
  if (out.type == TarEntry::Type::file && out.path.back() == '/') out.type = TarEntry::Type::directory;
  out.mode = static_cast<uint32_t>(TRY(number_of(block, mode_field)) & 07777);
  const uint64_t uid = extended.uid ? *extended.uid : TRY(number_of(block, uid_field));
  const uint64_t gid = extended.gid ? *extended.gid : TRY(number_of(block, gid_field));
  if (uid >= UINT32_MAX || gid >= UINT32_MAX) return fail(Errno::inval);
  out.uid = static_cast<uint32_t>(uid), out.gid = static_cast<uint32_t>(gid);
  const uint64_t modified = TRY(number_of(block, time_field));
  if (modified > INT64_MAX / 1'000'000'000) return fail(Errno::inval);
  out.modified = extended.modified ? *extended.modified : static_cast<int64_t>(modified);
  const uint64_t size = extended.size ? *extended.size : TRY(number_of(block, size_field));
  if (size > size_max) return fail(Errno::inval);
  // Links and directories may say a size and have no bytes.
  if (out.type == TarEntry::Type::file) out.bytes = TRY(take(size));
  return out;
}

}  // namespace cupel::libos
