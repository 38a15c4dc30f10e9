#include "fuzz/replay/input.hh"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>

namespace cupel::fuzz {
namespace {

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

std::string target_in_text(std::string_view text) {
  constexpr std::string_view mark = "# target:";
  for (int line = 0; line < 20 && !text.empty(); ++line) {
    const auto end = text.find('\n');
    const auto current = text.substr(0, end);
    if (current.starts_with(mark)) return trimmed(current.substr(mark.size()));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return {};
}

std::string target_by_place(const std::filesystem::path& file) {
  std::error_code ignored;  // an unreadable place names no target, which the caller reports
  const auto about = file.parent_path() / "about.md";
  if (std::filesystem::exists(about, ignored)) return about_value(about, "target");
  for (auto folder = std::filesystem::absolute(file).parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    const std::string name = folder.filename();
    if (find_target(name) != nullptr) return name;
    if (find_target(name + "_program") != nullptr) return name + "_program";
  }
  return {};
}

}  // namespace

std::expected<std::string, std::string> read_file(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return std::unexpected(file.string() + ": is a directory");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::unexpected(file.string() + ": " + std::strerror(errno));
  std::ostringstream content;
  content << stream.rdbuf();
  if (stream.bad()) return std::unexpected(file.string() + ": " + std::strerror(errno));
  return content.str();
}

std::expected<void, std::string> write_file(const std::filesystem::path& file, std::string_view content) {
  auto fresh = file;
  fresh += ".new" + std::to_string(getpid());
  const auto failed = [&]() { return std::unexpected(file.string() + ": " + std::strerror(errno)); };
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return failed();
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      close(fd);
      unlink(fresh.c_str());
      errno = error;
      return failed();
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(fd) != 0 || close(fd) != 0 || rename(fresh.c_str(), file.c_str()) != 0) return failed();
  return {};
}

std::string about_value(const std::filesystem::path& about, std::string_view key) {
  std::ifstream stream(about);
  std::string line;
  while (std::getline(stream, line) && !trimmed(line).empty()) {
    if (line.starts_with(std::string(key) + ":")) return trimmed(std::string_view(line).substr(key.size() + 1));
  }
  return {};
}

std::expected<Input, std::string> load_input(const std::filesystem::path& file, std::string_view target) {
  auto content = read_file(file);
  if (!content) return std::unexpected(content.error());
  const bool is_text = file.extension() == ".txt";
  Input input{file, std::string(target), {}, {}};
  if (input.target.empty() && is_text) input.target = target_in_text(*content);
  if (input.target.empty()) input.target = target_by_place(file);
  if (input.target.empty()) {
    return std::unexpected(file.string() + ": no target named; give --target NAME or a line \"# target: NAME\"");
  }
  const TargetInfo* info = find_target(input.target);
  if (info == nullptr) return std::unexpected(file.string() + ": there is no target " + input.target);
  if (is_text) {
    auto parsed = info->make()->parse(*content);
    if (!parsed) return std::unexpected(file.string() + ":" + parsed.error());
    input.bytes = std::move(parsed->bytes);
    for (const std::string& warning : parsed->warnings) input.warnings.push_back(file.string() + ":" + warning);
  } else {
    input.bytes.assign(content->begin(), content->end());
  }
  return input;
}

}  // namespace cupel::fuzz
