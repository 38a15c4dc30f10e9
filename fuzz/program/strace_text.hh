#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What strace(1) writes, as data. Total: lines it cannot make sense of are left out.
namespace cupel::fuzz::strace {

// One argument, or a part of one.
struct Value {
  enum class Kind : uint8_t {
    unknown,  // something strace spelled in its own way
    number,   // number | words
    text,     // bytes
    list,     // items: of [array], {struct} or [SET OF SIGNALS]
  };
  Kind kind = Kind::unknown;
  std::string label;               // of "label=value"
  uint64_t number = 0;
  std::vector<std::string> words;  // names of constants
  std::vector<std::byte> bytes;
  bool cut = false;                // strace left out the end
  std::vector<Value> items;
};

struct Call {
  int64_t pid = 0;  // 0 where the trace has none
  std::string name;
  std::vector<Value> args;
  bool returned = false;  // with `result`; -errno on failure is -1 and `error`
  int64_t result = 0;
  std::string error;      // "ENOENT"
};

// The calls in the order in which they were made. Halves of calls which others interrupted are put together.
std::vector<Call> read_trace(std::string_view text);

}  // namespace cupel::fuzz::strace
