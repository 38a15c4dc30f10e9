#include "fuzz/replay/replay.hh"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "fuzz/replay/complaint.hh"
#include "fuzz/replay/isolated.hh"

namespace cupel::fuzz {
namespace {

// Runs, and what happened as JSON.
std::string run_and_tell(const Input& input, const ReplayOptions& options, Target& target) {
  Run first;
  bool stable = true;
  for (unsigned turn = 0; turn < options.repeat; ++turn) {
    Run run = target.run(input.bytes);
    if (turn == 0) first = std::move(run);
    else stable = stable && run.trace_hash == first.trace_hash && run.finding.has_value() == first.finding.has_value();
  }
  nlohmann::json said{{"hash", first.trace_hash}, {"stable", stable}};
  if (first.finding) {
    said["finding"] = {first.finding->oracle, first.finding->call, first.finding->expected, first.finding->got};
  }
  return said.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Replay crashed(Replay result, const Isolated& ended) {
  const Complaint complaint = read_complaint(ended.complaints);
  result.verdict = "crash", result.oracle = complaint.oracle, result.place = complaint.place;
  result.expected = "no crash", result.got = complaint.line;
  if (result.got.empty()) result.got = "wait status " + std::to_string(ended.wait_status);
  return result;
}

}  // namespace

std::string where_seen(const Replay& finding) {
  if (!finding.place.empty()) return std::filesystem::path(finding.place).filename().string();
  const std::string& said = finding.call.empty() ? finding.got : finding.call;
  const auto first = std::ranges::find_if(said, [](unsigned char c) { return std::isalpha(c) != 0; });
  const auto last = std::find_if(first, said.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '_'; });
  return {first, last};
}

std::expected<Replay, std::string> replay(const Input& input, const ReplayOptions& options) {
  const TargetInfo* info = find_target(input.target);
  if (info == nullptr) return std::unexpected("there is no target " + input.target);
  auto target = info->make();
  for (const std::string& oracle : options.without) {
    if (!target->disable_oracle(oracle)) return std::unexpected("target " + input.target + " has no oracle " + oracle);
  }
  const auto ended = run_isolated([&] { return run_and_tell(input, options, *target); }, options.time_max);
  if (!ended) return std::unexpected(ended.error());

  Replay result{.file = input.file.string(), .target = input.target, .verdict = "ok", .oracle = {}, .call = {}, .expected = {}, .got = {}, .place = {}};
  if (!ended->in_time) {
    result.verdict = "hang", result.oracle = "liveness";
    result.expected = "an end within " + std::to_string(options.time_max.count()) + " s", result.got = "none";
    return result;
  }
  if (!ended->came_back() || ended->answer.empty()) return crashed(std::move(result), *ended);
  const auto parsed = nlohmann::json::parse(ended->answer);
  result.trace_hash = parsed["hash"];
  result.stable = parsed["stable"];
  if (parsed.contains("finding")) {
    result.verdict = "finding";
    result.oracle = parsed["finding"][0], result.call = parsed["finding"][1];
    result.expected = parsed["finding"][2], result.got = parsed["finding"][3];
  }
  return result;
}

}  // namespace cupel::fuzz
