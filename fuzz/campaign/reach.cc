#include "fuzz/campaign/reach.hh"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fuzz/replay/input.hh"

namespace cupel::fuzz {

std::expected<ReachMap, std::string> read_reach(const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  const auto said = nlohmann::json::parse(*text, nullptr, false);
  const auto wrong = [&](const std::string& what) { return std::unexpected(file.string() + ": " + what + "; ci/coverage map makes it anew"); };
  if (!said.is_object()) return wrong("is no JSON object");
  ReachMap map;
  for (const auto& [source, targets] : said.items()) {
    if (!targets.is_object()) return wrong("\"" + source + "\" has no targets");
    for (const auto& [target, percent] : targets.items()) {
      if (!percent.is_number_unsigned() || percent > 100u) return wrong("\"" + source + "\" has no percentage for " + target);
      map[source][target] = percent;
    }
  }
  return map;
}

std::map<std::string, unsigned> parts_by_reach(const ReachMap& map, const std::vector<std::string>& changed) {
  constexpr unsigned percent_a_part = 5;
  std::map<std::string, unsigned> most;
  for (const std::string& file : changed) {
    const auto targets = map.find(file);
    if (targets == map.end()) continue;
    for (const auto& [target, percent] : targets->second) most[target] = std::max(most[target], percent);
  }
  if (most.empty()) return {};
  std::map<std::string, unsigned> parts;
  for (const auto& [source, targets] : map) {
    for (const auto& [target, percent] : targets) parts[target] = std::max(1u, most[target] / percent_a_part);
  }
  return parts;
}

}  // namespace cupel::fuzz
