#pragma once
#include <vector>

#include "bench/race.hh"

namespace cupel::bench {

// One contestant for each target of the SNP boundary in this program: exits a second with all its oracles, over generated
// scripts; of a target whose guest makes no exits, runs a second.
std::vector<Contestant> snp_contestants(const std::string& baseline);

}  // namespace cupel::bench
