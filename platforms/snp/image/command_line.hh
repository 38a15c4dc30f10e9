#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace cupel::image {

// The words of a command line, which is the host's. Words are parted by blanks; "%41" is the byte 0x41, so that a word can hold
// any byte but NUL, and "%" alone is an empty word.
class CommandLine {
 public:
  explicit CommandLine(std::string_view text) : rest_(text) {}
  // The next word, decoded into `room`. Nothing at the end, and where a word is too long or "%" is followed by no number: then
  // failed() is true.
  std::optional<std::string_view> next(std::span<char> room);
  bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace cupel::image
