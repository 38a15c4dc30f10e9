#include "platforms/snp/image/command_line.hh"

namespace cupel::image {
namespace {

// 16 where it is no digit.
constexpr unsigned digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

}  // namespace

std::optional<std::string_view> CommandLine::next(std::span<char> room) {
  while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  if (rest_.empty() || failed_) return std::nullopt;
  const std::string_view word = rest_.substr(0, rest_.find(' '));
  rest_.remove_prefix(word.size());
  if (word == "%") return std::string_view(room.data(), 0);
  size_t size = 0;
  for (size_t at = 0; at < word.size();) {
    char c = word[at++];
    if (c == '%') {
      const unsigned high = at < word.size() ? digit(word[at]) : 16, low = at + 1 < word.size() ? digit(word[at + 1]) : 16;
      failed_ = high > 15 || low > 15 || (high | low) == 0;
      c = static_cast<char>(high << 4 | low);
      at += 2;
    }
    failed_ = failed_ || size == room.size();
    if (failed_) return std::nullopt;
    room[size++] = c;
  }
  return std::string_view(room.data(), size);
}

}  // namespace cupel::image
