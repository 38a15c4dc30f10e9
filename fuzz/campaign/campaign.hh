#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fuzz/campaign/state.hh"

namespace cupel::fuzz {

struct CampaignOptions {
  std::vector<std::string> targets;   // empty: every target built, but the canary, which always goes first
  std::map<std::string, unsigned> parts;  // of the time; a target that is not named has what default_parts() says
  std::chrono::milliseconds time{60'000};  // on the monotonic clock
  unsigned jobs = 1;                  // processes at once
  std::filesystem::path programs;     // where the instrumented targets are
  std::filesystem::path seeds;        // corpus/seeds
  std::filesystem::path state;
  uint32_t seed = 1;
  std::function<bool()> interrupted = [] { return false; };  // asked often; true ends the campaign as if time were up
};

struct CampaignResult {
  uint64_t executions = 0;
  uint64_t edges = 0;
  std::vector<nlohmann::json> findings;  // all in the state folder, old and new
  bool canary_seen = false;              // the planted failure was found, so findings are seen at all
};

// Runs the targets side by side for the time given, in slices, and triages what they find. Each event (start,
// progress, finding, slice) goes to `on_event`. The error names what is wrong and where.
std::expected<CampaignResult, std::string> run_campaign(const CampaignOptions& options,
                                                        const std::function<void(const nlohmann::json&)>& on_event);

}  // namespace cupel::fuzz
