#include "fuzz/campaign/exports.hh"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "fuzz/campaign/markup.hh"
#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

using Json = nlohmann::json;

std::string field(const Json& finding, const char* name) { return finding.value(name, std::string()); }

std::string message_of(const Json& finding) {
  return fmt::format("{}: {}: expected {}, got {}", field(finding, "oracle"), field(finding, "call"), field(finding, "expected"), field(finding, "got"));
}

Json location(const std::string& file, int line) {
  Json physical{{"artifactLocation", {{"uri", file}}}};
  if (line > 0) physical["region"] = {{"startLine", line}};
  return {{"physicalLocation", std::move(physical)}};
}

// A crash's place is "file.cc:12"; any other finding's is the program that shows it.
Json place_of(const Json& finding) {
  const std::string place = field(finding, "place");
  const size_t colon = place.find(':');
  int line = 0;
  if (colon != std::string::npos) std::from_chars(place.data() + colon + 1, place.data() + place.size(), line);
  if (line > 0) return location(place.substr(0, colon), line);
  return location(field(finding, "folder") + "/program.txt", 1);
}

// A step a line of the trace that was kept with the finding.
Json code_flow(const Json& finding) {
  const auto trace = read_file(std::filesystem::path(field(finding, "folder")) / "trace.txt");
  Json steps = Json::array();
  std::string_view left = trace ? std::string_view(*trace) : "";
  for (int line = 1; !left.empty(); ++line) {
    const std::string_view step = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(left.size(), step.size() + 1));
    auto at = location(field(finding, "folder") + "/trace.txt", line);
    at["message"] = {{"text", step}};
    steps.push_back({{"location", std::move(at)}});
  }
  if (steps.empty()) return Json::array();
  return Json::array({{{"threadFlows", Json::array({{{"locations", std::move(steps)}}})}}});
}

Json result_of(const Json& finding) {
  Json result{{"ruleId", field(finding, "oracle")},
              {"level", "error"},
              {"message", {{"text", message_of(finding) + "\nreplay: " + field(finding, "replay")}}},
              {"locations", Json::array({place_of(finding)})},
              {"partialFingerprints", {{"cupelFinding/v1", field(finding, "id")}}}};
  if (auto flow = code_flow(finding); !flow.empty()) result["codeFlows"] = std::move(flow);
  return result;
}

std::string case_of(const Json& finding) {
  return fmt::format("    <testcase classname=\"{}\" name=\"{}\">\n      <failure type=\"{}\" message=\"{}\">replay: {}</failure>\n    </testcase>\n",
                     as_markup(field(finding, "target")), as_markup(field(finding, "id")), as_markup(field(finding, "oracle")), as_markup(message_of(finding)),
                     as_markup(field(finding, "replay")));
}

}  // namespace

std::string markdown_of(const Json& report) {
  std::string text = fmt::format("# Campaign report\n\n{} executions, {} edges, {} open findings\n\n| target | executions | edges | corpus | a second |\n|---|---|---|---|---|\n",
                                 report["executions"].get<uint64_t>(), report["edges"].get<uint64_t>(), report["findings"].size());
  for (const auto& row : report["targets"]) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", row["target"].get<std::string>(), row.value("executions", uint64_t{0}), row.value("edges", uint64_t{0}),
                        row.value("corpus", uint64_t{0}), row.value("rate", uint64_t{0}));
  }
  for (const auto& finding : report["findings"]) {
    text += fmt::format("\n## {}\n\n- oracle: {}\n- call: `{}`\n- expected: `{}`\n- got: `{}`\n- replay: `{}`\n", field(finding, "id"), field(finding, "oracle"),
                        field(finding, "call"), field(finding, "expected"), field(finding, "got"), field(finding, "replay"));
  }
  return text;
}

Json sarif_of(const Json& report) {
  std::map<std::string, Json> rules;
  Json results = Json::array();
  for (const auto& finding : report["findings"]) {
    const std::string oracle = field(finding, "oracle");
    rules.try_emplace(oracle, Json{{"id", oracle}, {"shortDescription", {{"text", "the oracle " + oracle + " objects (docs/oracles.md)"}}}});
    results.push_back(result_of(finding));
  }
  Json listed = Json::array();
  for (auto& [name, rule] : rules) listed.push_back(std::move(rule));
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs", Json::array({{{"tool", {{"driver", {{"name", "Cupel"}, {"rules", std::move(listed)}}}}}, {"results", std::move(results)}}})}};
}

std::string junit_of(const Json& report) {
  std::string suites;
  for (const auto& row : report["targets"]) {
    const std::string target = row["target"];
    std::string cases;
    size_t failures = 0;
    for (const auto& finding : report["findings"]) {
      if (field(finding, "target") != target) continue;
      cases += case_of(finding);
      ++failures;
    }
    if (failures == 0) cases = fmt::format("    <testcase classname=\"{}\" name=\"no finding in {} executions\"/>\n", as_markup(target), row.value("executions", uint64_t{0}));
    suites += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n{}  </testsuite>\n", as_markup(target), std::max<size_t>(failures, 1), failures, cases);
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"cupel fuzz\">\n" + suites + "</testsuites>\n";
}

}  // namespace cupel::fuzz
