#include "fuzz/campaign/state.hh"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

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
  std::ofstream stream(file, std::ios::app);
  stream << sample.dump() << '\n' << std::flush;
  if (!stream) return std::unexpected(file.string() + ": " + std::strerror(errno));
  return {};
}

std::vector<nlohmann::json> State::samples() const {
  std::vector<nlohmann::json> all;
  std::ifstream stream(folder_ / "series.jsonl");
  for (std::string line; std::getline(stream, line);) {
    auto sample = nlohmann::json::parse(line, nullptr, false);
    if (sample.is_object() && sample.contains("target") && sample.contains("seconds")) all.push_back(std::move(sample));
  }
  return all;
}

std::vector<nlohmann::json> State::all_findings() const {
  std::vector<nlohmann::json> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(findings(), error)) {
    auto text = read_file(entry.path() / "finding.json");
    if (!text) continue;  // a folder whose finding.json is not there yet is triaged again from raw/
    auto finding = nlohmann::json::parse(*text, nullptr, false);
    if (finding.is_object()) all.push_back(std::move(finding));
  }
  std::ranges::sort(all, {}, [](const nlohmann::json& finding) { return finding.value("id", std::string()); });
  return all;
}

}  // namespace cupel::fuzz
