#include "libos/exec/script.hh"

namespace cupel::libos {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view without_blanks(std::string_view text) {
  const size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

bool looks_like_script(std::string_view head) { return head.starts_with("#!"); }

// load_script() of Linux's fs/binfmt_script.c.
Result<ScriptLine> parse_script_line(std::string_view head) {
  if (!looks_like_script(head)) return fail(Errno::noexec);
  const bool is_whole_file = head.size() < exec_head_size;
  std::string_view line = head.substr(2);
  size_t end = line.find_first_of(std::string_view("\n\0", 2));
  const bool is_cut = end == std::string_view::npos && !is_whole_file;
  line = line.substr(0, end);
  const size_t start = line.find_first_not_of(blanks);
  if (start == std::string_view::npos) return fail(Errno::noexec);
  line.remove_prefix(start);
  const size_t name_end = line.find_first_of(blanks);
  // An argument that is cut off is used as it is; of an interpreter's path the beginning would be another file's.
  if (name_end == std::string_view::npos && is_cut) return fail(Errno::noexec);
  if (name_end == std::string_view::npos) return ScriptLine{line, {}};
  return ScriptLine{line.substr(0, name_end), without_blanks(line.substr(name_end))};
}

}  // namespace cupel::libos
