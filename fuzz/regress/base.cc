#include "fuzz/regress/base.hh"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "fuzz/regress/shell.hh"

namespace cupel::fuzz {

namespace fs = std::filesystem;

std::expected<std::vector<std::string>, std::string> set_aside_what_base_has(const State& state, const Revision& revision, const std::string& base) {
  std::vector<std::string> aside;
  const auto findings = state.all_findings();
  if (findings.empty()) return aside;
  const auto commit = revision.resolve(base);
  if (!commit) return std::unexpected(commit.error());
  if (auto out = revision.check_out(*commit); !out) return std::unexpected(out.error());
  if (auto built = revision.build(); !built) return std::unexpected(built.error());
  for (const auto& finding : findings) {
    const std::string id = finding["id"];
    const auto seen = revision.replay(state.findings() / id / "program.txt");
    if (!seen) return std::unexpected(seen.error());
    if (seen->oracle != finding.value("oracle", "") || seen->verdict != finding.value("verdict", "")) continue;
    const fs::path place = state.folder() / "on-base" / id;
    std::error_code error;
    fs::remove_all(place, error);  // of an earlier campaign
    fs::create_directories(place.parent_path(), error);
    fs::rename(state.findings() / id, place, error);
    if (error) return std::unexpected(place.string() + ": " + error.message());
    aside.push_back(id);
  }
  return aside;
}

std::expected<std::vector<std::string>, std::string> changed_since(const fs::path& tree, const std::string& base) {
  const auto listed = bash(fmt::format("cd {}; git diff --name-only $(git merge-base {} HEAD)", quoted(tree.string()), quoted(base)), "listing what changed since " + base);
  if (!listed) return std::unexpected(listed.error());
  std::vector<std::string> files;
  std::istringstream lines(*listed);
  for (std::string line; std::getline(lines, line);) files.push_back(line);
  return files;
}

}  // namespace cupel::fuzz
