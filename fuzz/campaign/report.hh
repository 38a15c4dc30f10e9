#pragma once
#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "fuzz/campaign/state.hh"

namespace cupel::fuzz {

// What a campaign's folder says, as one object: totals, a row a target, the findings, and the table of calls by coverage
// (calls.hh).
nlohmann::json collect_report(const State& state);

// The same as one HTML page that needs nothing else, with plots of coverage, corpus and rate over time.
std::string html_report(const State& state, const nlohmann::json& report);

// Writes report.json and report.html into the folder; returns the page's path.
std::expected<std::string, std::string> write_report(const State& state);

}  // namespace cupel::fuzz
