#include "fuzz/regress/shell.hh"

#include <cstdio>

namespace cupel::fuzz {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::expected<std::string, std::string> bash(const std::string& script, const std::string& what) {
  FILE* stream = popen(("bash -o pipefail -e -c " + quoted(script) + " 2>&1").c_str(), "re");
  if (stream == nullptr) return std::unexpected(what + " failed: there is no bash");
  std::string said;
  char chunk[4096];
  for (size_t size = 0; (size = fread(chunk, 1, sizeof chunk, stream)) > 0;) said.append(chunk, size);
  if (pclose(stream) == 0) return said;
  return std::unexpected(what + " failed:\n" + (said.size() < 2000 ? said : said.substr(said.size() - 2000)));
}

}  // namespace cupel::fuzz
