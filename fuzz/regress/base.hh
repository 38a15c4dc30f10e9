#pragma once
#include <vector>

#include "fuzz/campaign/state.hh"
#include "fuzz/regress/revision.hh"

namespace cupel::fuzz {

// Asks the base revision about each finding of the campaign, by replay. What fails there in the same way, seen by the same oracle,
// is not the change's doing: it is moved to the state's folder on-base/, and its id returned. What only a sanitizer sees is never set aside:
// the base is built without. `revision` is built only if there are findings.
std::expected<std::vector<std::string>, std::string> set_aside_what_base_has(const State& state, const Revision& revision, const std::string& base);

// The files which differ from `base`, relative to the tree, those not committed among them.
std::expected<std::vector<std::string>, std::string> changed_since(const std::filesystem::path& tree, const std::string& base);

}  // namespace cupel::fuzz
