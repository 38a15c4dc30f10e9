#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace cupel::fuzz::snp {

// One place where a value is loaded that the other side of the boundary controls, and what the targets of this program did there.
struct SiteReport {
  std::string name, file, guard, proof;
  uint64_t line = 0;
  std::vector<std::string> targets;  // that reach it
  uint64_t lies = 0;                 // different values of its own choice that were loaded there
};

// Runs every linked target of the boundary `group` ("snp", "lvbs", "optee") on its entries in `regressions`, on what mutation makes of them, and on `generated` inputs made from seeds. All sites of
// the boundary's guest side are listed, reached or not: by name.
std::vector<SiteReport> survey_sites(std::string_view group, const std::filesystem::path& regressions, uint32_t generated);

}  // namespace cupel::fuzz::snp
