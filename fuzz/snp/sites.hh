#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace cupel::fuzz::snp {

// One place where a value is loaded that the hypervisor controls, and what the targets of this program did there.
struct SiteReport {
  std::string name, file, guard, proof;
  uint64_t line = 0;
  std::vector<std::string> targets;  // that reach it
  uint64_t lies = 0;                 // different values of the hypervisor's own choice that were loaded there
};

// Runs every linked target of the boundary on its entries in `regressions`, on what mutation makes of them, and on `generated` inputs made from seeds. All sites of
// the program are listed, reached or not: by name.
std::vector<SiteReport> survey_sites(const std::filesystem::path& regressions, uint32_t generated);

}  // namespace cupel::fuzz::snp
