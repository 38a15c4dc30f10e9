#pragma once
#include <chrono>
#include <expected>
#include <nlohmann/json_fwd.hpp>

#include "fuzz/campaign/state.hh"

namespace cupel::fuzz {

struct Triage {
  std::vector<nlohmann::json> fresh;  // findings that are new with this look
  unsigned known = 0;                 // inputs that showed a finding we have
  unsigned unconfirmed = 0;           // inputs that did not fail again; kept in raw/TARGET/unconfirmed
};

// Looks at every failing input in raw/TARGET: replays it three times, drops what another finding already says (same
// oracle, same call), minimises the rest within `time_max`, and writes findings/ID. `program` is the instrumented
// target, asked where the plain replay sees nothing: what only a sanitizer sees is a finding too.
std::expected<Triage, std::string> triage(const State& state, const std::string& target, const std::filesystem::path& program,
                                          std::chrono::milliseconds time_max);

}  // namespace cupel::fuzz
