#pragma once
#include <nlohmann/json_fwd.hpp>

#include "fuzz/campaign/state.hh"

namespace cupel::fuzz {

// What the corpora in a campaign's folder make of each interface: an object an interface, with a row a call, least covered
// first. A row says how many inputs make the call, how often it is made, and which of the outcomes it is declared to have
// (success, and each errno) were seen:
//   {"interface", "inputs", "traced", "calls": [{"name", "inputs", "made", "seen": {"ok": 12, "EBADF": 3}, "unseen": ["EIO"]}]}
// "pct" says by depth how many inputs had a PCT schedule, and the least and the greatest probability with which such a
// schedule shows a bug of that depth at least: {"3": {"inputs": 70, "least": 1e-05, "most": 0.002}}.
// The traces are made in a process of their own; where that fails, "problem" says how.
nlohmann::json calls_by_interface(const State& state, const std::vector<std::string>& targets);

}  // namespace cupel::fuzz
