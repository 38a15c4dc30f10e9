#include "bench/command.hh"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace cupel::bench {

std::expected<std::string, std::string> output_of(const std::string& command) {
  FILE* stream = popen(command.c_str(), "re");
  if (stream == nullptr) return std::unexpected(command + ": " + std::strerror(errno));
  std::string text;
  char chunk[4096];
  for (size_t size = 0; (size = fread(chunk, 1, sizeof chunk, stream)) > 0;) text.append(chunk, size);
  if (pclose(stream) != 0) return std::unexpected(command + " failed");
  return text;
}

}  // namespace cupel::bench
