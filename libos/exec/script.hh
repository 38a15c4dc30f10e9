#pragma once
#include <string_view>

#include "libos/base/result.hh"

namespace cupel::libos {

inline constexpr size_t exec_head_size = 256;  // how much of a file's beginning decides what it is

// The first line of a script, "#!interpreter argument": all that follows the interpreter is one argument.
struct ScriptLine {
  std::string_view interpreter;
  std::string_view argument;  // may be empty: then there is none
};

bool looks_like_script(std::string_view head);
// From the file's first exec_head_size bytes, or all of it. ENOEXEC: no interpreter, or one that the head cuts off.
Result<ScriptLine> parse_script_line(std::string_view head);

}  // namespace cupel::libos
