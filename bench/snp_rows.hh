#pragma once
#include <vector>

#include "bench/race.hh"

namespace cupel::bench {

// One contestant for each target of the boundaries in this program, with all its oracles, over generated scripts. Of SEV-SNP: exits
// a second, or runs where the guest makes no exits. Of LVBS: VTL0's calls a second.
std::vector<Contestant> snp_contestants(const std::string& baseline);

}  // namespace cupel::bench
