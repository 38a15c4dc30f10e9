#pragma once
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace cupel::fuzz {

// Which share of each source file's lines each target's corpus runs, in percent: what `ci/coverage map` writes to corpus/reach.json.
using ReachMap = std::map<std::string, std::map<std::string, unsigned>>;  // file -> target -> percent

std::expected<ReachMap, std::string> read_reach(const std::filesystem::path& file);

// Parts of a campaign's time for a change of these files: by what share of the changed files a target runs. Each target keeps at least one
// part: the map may be older than the change. Empty where no target reaches any of the files: then nothing is to be said.
std::map<std::string, unsigned> parts_by_reach(const ReachMap& map, const std::vector<std::string>& changed);

}  // namespace cupel::fuzz
