#include "fuzz/campaign/state.hh"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

std::expected<void, std::string> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return std::unexpected(folder.string() + ": " + error.message());
  if (access(folder.c_str(), W_OK | X_OK) != 0) return std::unexpected(folder.string() + ": " + std::strerror(errno));
  return {};
}

bool each_is(const nlohmann::json& object, std::initializer_list<const char*> names, bool (*is)(const nlohmann::json&)) {
  return std::ranges::all_of(names, [&](const char* name) { return !object.contains(name) || is(object[name]); });
}
bool is_text(const nlohmann::json& value) { return value.is_string(); }
bool is_number(const nlohmann::json& value) { return value.is_number(); }
bool is_count(const nlohmann::json& value) { return value.is_number_unsigned(); }

bool is_sample(const nlohmann::json& line) {
  return line.is_object() && line.contains("target") && line.contains("seconds") && each_is(line, {"target"}, is_text) && each_is(line, {"seconds"}, is_number) &&
         each_is(line, {"executions", "edges", "corpus", "rate"}, is_count);
}

// The finding in the folder, if it is whole.
std::optional<nlohmann::json> finding_in(const std::filesystem::path& folder) {
  const auto text = read_file(folder / "finding.json");
  if (!text) return std::nullopt;
  auto finding = nlohmann::json::parse(*text, nullptr, false);
  const bool whole = finding.is_object() && finding.contains("id") &&
                     each_is(finding, {"id", "target", "oracle", "verdict", "call", "expected", "got", "folder", "replay"}, is_text);
  return whole ? std::optional(std::move(finding)) : std::nullopt;
}

// A finding's id begins with its target's name.
std::string_view target_of(std::string_view id) {
  std::string_view best;
  for (const TargetInfo* info : targets()) {
    if (id.starts_with(std::string(info->name) + "-") && info->name.size() > best.size()) best = info->name;
  }
  return best;
}

bool ends_in_the_middle_of_a_line(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream || stream.tellg() <= 0) return false;
  stream.seekg(-1, std::ios::end);
  return stream.get() != '\n';
}

}  // namespace

std::expected<State, std::string> State::open(const std::filesystem::path& folder) {
  std::error_code error;
  State state(std::filesystem::absolute(folder, error));
  for (const char* part : {"", "corpus", "raw", "findings"}) {
    if (auto made = make_folder(state.folder_ / part); !made) return std::unexpected(made.error());
  }
  return state;
}

std::expected<void, std::string> State::prepare(const std::string& target) const {
  if (auto made = make_folder(corpus(target)); !made) return made;
  return make_folder(raw(target));
}

std::expected<void, std::string> State::append_sample(const nlohmann::json& sample) const {
  const auto file = folder_ / "series.jsonl";
  const bool cut = ends_in_the_middle_of_a_line(file);  // a campaign was killed while it wrote
  std::ofstream stream(file, std::ios::app);
  stream << (cut ? "\n" : "") << sample.dump() << '\n' << std::flush;
  if (!stream) return std::unexpected(file.string() + ": " + std::strerror(errno));
  return {};
}

std::vector<nlohmann::json> State::samples() const {
  std::vector<nlohmann::json> all;
  std::ifstream stream(folder_ / "series.jsonl");
  for (std::string line; std::getline(stream, line);) {
    auto sample = nlohmann::json::parse(line, nullptr, false);
    if (is_sample(sample)) all.push_back(std::move(sample));
  }
  return all;
}

std::vector<nlohmann::json> State::all_findings() const {
  std::vector<nlohmann::json> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(findings(), error)) {
    if (auto finding = finding_in(entry.path())) all.push_back(std::move(*finding));
  }
  std::ranges::sort(all, {}, [](const nlohmann::json& finding) { return finding.value("id", std::string()); });
  return all;
}

std::expected<std::vector<std::string>, std::string> State::recover() const {
  std::vector<std::string> said;
  std::vector<std::filesystem::path> damaged;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(findings(), error)) {
    if (!finding_in(entry.path())) damaged.push_back(entry.path());
  }
  if (error) return std::unexpected(findings().string() + ": " + error.message());
  std::ranges::sort(damaged);
  for (const auto& folder : damaged) {
    const std::string id = folder.filename();
    const std::string target(target_of(id));
    const auto input = folder / "input.bin";
    if (target.empty() || !std::filesystem::is_regular_file(input, error)) {
      said.push_back(folder.string() + " is not a whole finding and has no input to look at again; it stays as it is");
      continue;
    }
    if (auto ready = prepare(target); !ready) return std::unexpected(ready.error());
    std::filesystem::rename(input, raw(target) / ("crash-recovered-" + id), error);
    if (!error) std::filesystem::remove_all(folder, error);
    if (error) return std::unexpected(folder.string() + ": " + error.message());
    said.push_back(folder.string() + " is not a whole finding; its input is looked at again");
  }
  return said;
}

}  // namespace cupel::fuzz
