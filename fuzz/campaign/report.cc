#include "fuzz/campaign/report.hh"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "fuzz/campaign/calls.hh"
#include "fuzz/campaign/page.hh"
#include "fuzz/replay/input.hh"

namespace cupel::fuzz {

nlohmann::json collect_report(const State& state) {
  std::map<std::string, nlohmann::json> last;
  double seconds = 0;
  for (const auto& sample : state.samples()) {
    last[sample["target"]] = sample;
    seconds = std::max(seconds, sample["seconds"].get<double>());
  }
  uint64_t executions = 0, edges = 0;
  std::vector<std::string> names;
  nlohmann::json targets = nlohmann::json::array();
  for (const auto& [name, sample] : last) {
    names.push_back(name);
    executions += sample.value("executions", uint64_t{0});
    edges += sample.value("edges", uint64_t{0});
    auto row = sample;
    if (const TargetInfo* info = find_target(name); info != nullptr) row["about"] = info->about;
    targets.push_back(std::move(row));
  }
  return {{"executions", executions}, {"edges", edges}, {"seconds", seconds}, {"written", fmt::format("{:%Y-%m-%d %H:%M} UTC", std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now()))},
          {"state", state.folder().string()}, {"findings", state.all_findings()}, {"targets", targets}, {"calls", calls_by_interface(state, names)}};
}

std::string html_report(const State& state, const nlohmann::json& report) { return html_page(report, state.samples()); }

std::expected<std::string, std::string> write_report(const State& state) {
  const auto report = collect_report(state);
  if (auto written = write_file(state.folder() / "report.json", report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"); !written) return std::unexpected(written.error());
  const auto page = state.folder() / "report.html";
  if (auto written = write_file(page, html_report(state, report)); !written) return std::unexpected(written.error());
  return page.string();
}

}  // namespace cupel::fuzz
