#include "fuzz/campaign/report.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "fuzz/campaign/plot.hh"
#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr size_t traced_inputs_max = 2000;  // of each target's corpus, for the table of calls

struct CallCount {
  uint64_t made = 0;
  std::set<std::string> results;  // "ok" and the errors seen
};

// From a trace line "  3: openat(AT_FDCWD, ...) = -1 ENOENT" the call's name and what came back.
void count_line(std::string_view line, std::map<std::string, CallCount>& calls) {
  const auto paren = line.find('(');
  const auto equals = line.rfind(" = ");
  if (paren == std::string_view::npos || equals == std::string_view::npos || equals < paren) return;
  auto name = line.substr(0, paren);
  name.remove_prefix(std::min(name.size(), name.find_last_of(" :=]") == std::string_view::npos ? 0 : name.find_last_of(" :=]") + 1));
  if (name.empty()) return;
  auto result = line.substr(equals + 3);
  std::string outcome = "ok";
  if (result.starts_with("-1 E")) outcome = std::string(result.substr(3, result.find_first_of(" \n", 3) - 3));
  CallCount& count = calls[std::string(name)];
  ++count.made;
  count.results.insert(outcome);
}

nlohmann::json calls_of_corpus(const State& state, const std::string& target) {
  const TargetInfo* info = find_target(target);
  if (info == nullptr) return nlohmann::json::array();
  auto runner = info->make();
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(state.corpus(target), error)) files.push_back(entry.path());
  std::ranges::sort(files);
  if (files.size() > traced_inputs_max) files.resize(traced_inputs_max);
  std::map<std::string, CallCount> calls;
  for (const fs::path& file : files) {
    auto input = load_input(file, target);
    if (!input) continue;
    const std::string trace = runner->trace(input->bytes);
    for (size_t at = 0; at < trace.size();) {
      const size_t end = std::min(trace.find('\n', at), trace.size());
      count_line(std::string_view(trace).substr(at, end - at), calls);
      at = end + 1;
    }
  }
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& [name, count] : calls) rows.push_back({{"name", name}, {"made", count.made}, {"results", count.results}});
  return rows;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

std::string plot_over_time(const std::vector<nlohmann::json>& samples, const char* title, const char* key) {
  std::map<std::string, Series> by_target;
  for (const auto& sample : samples) {
    Series& series = by_target[sample["target"]];
    series.name = sample["target"];
    series.points.emplace_back(sample["seconds"].get<double>(), sample.value(key, 0.0));
  }
  std::vector<Series> series;
  for (auto& [name, one] : by_target) series.push_back(std::move(one));
  auto svg = plot_svg(title, "seconds", key, series);
  return svg ? "<figure>" + *svg + "</figure>" : "<p class=quiet>No plot of " + escaped(title) + ": " + escaped(svg.error()) + "</p>";
}

constexpr const char* style = R"(<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;color:#1d2329}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
.tiles{display:flex;gap:1rem;margin:1.2rem 0;flex-wrap:wrap}.tile{border:1px solid #d7dce1;border-radius:8px;padding:.7rem 1.2rem}
.tile b{display:block;font-size:1.5rem}.quiet{color:#66707a}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .7rem;border-bottom:1px solid #e7eaee;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
figure{margin:.5rem 0;display:inline-block;width:49%;min-width:26rem}figure svg{width:100%;height:auto}
pre{background:#f5f7f9;padding:.7rem 1rem;border-radius:6px;overflow:auto;font-size:13px}
.bad{color:#b3261e}.good{color:#1a7f37}
</style>)";

std::string findings_html(const nlohmann::json& findings) {
  if (findings.empty()) return "<p class=good>None open.</p>";
  std::string html;
  for (const auto& finding : findings) {
    const auto text = [&](const char* key) { return escaped(finding.value(key, std::string())); };
    html += fmt::format("<h3 class=bad>{}</h3><table><tr><th>oracle<td>{}<tr><th>call<td><code>{}</code><tr><th>expected<td><code>{}</code>"
                        "<tr><th>got<td><code>{}</code><tr><th>replay<td><code>{}</code></table>",
                        text("id"), text("oracle"), text("call"), text("expected"), text("got"), text("replay"));
    if (auto program = read_file(fs::path(finding.value("folder", std::string())) / "program.txt")) html += "<pre>" + escaped(*program) + "</pre>";
  }
  return html;
}

std::string calls_html(const nlohmann::json& calls) {
  std::string html = "<table><tr><th>call<th class=n>made<th>results seen";
  for (const auto& row : calls) {
    std::string results;
    for (const auto& result : row["results"]) results += (results.empty() ? "" : ", ") + result.get<std::string>();
    html += fmt::format("<tr><td>{}<td class=n>{}<td>{}", escaped(row["name"].get<std::string>()), row["made"].get<uint64_t>(), escaped(results));
  }
  return html + "</table>";
}

}  // namespace

nlohmann::json collect_report(const State& state) {
  const auto samples = state.samples();
  std::map<std::string, nlohmann::json> last;
  for (const auto& sample : samples) last[sample["target"]] = sample;
  nlohmann::json report{{"executions", 0}, {"edges", 0}, {"findings", state.all_findings()}, {"targets", nlohmann::json::array()}};
  uint64_t executions = 0, edges = 0;
  for (const auto& [name, sample] : last) {
    executions += sample.value("executions", uint64_t{0});
    edges += sample.value("edges", uint64_t{0});
    auto row = sample;
    row["calls"] = calls_of_corpus(state, name);
    report["targets"].push_back(std::move(row));
  }
  report["executions"] = executions;
  report["edges"] = edges;
  return report;
}

std::string html_report(const State& state, const nlohmann::json& report) {
  const auto samples = state.samples();
  std::string html = fmt::format("<!doctype html><html lang=en><meta charset=utf-8><title>Cupel: campaign report</title>{}<h1>Campaign report</h1>", style);
  html += fmt::format("<div class=tiles><div class=tile><b>{}</b>executions</div><div class=tile><b>{}</b>edges</div><div class=tile><b>{}</b>targets</div>"
                      "<div class=tile><b class={}>{}</b>open findings</div></div>",
                      report["executions"].get<uint64_t>(), report["edges"].get<uint64_t>(), report["targets"].size(),
                      report["findings"].empty() ? "good" : "bad", report["findings"].size());
  html += "<h2>Findings</h2>" + findings_html(report["findings"]);
  html += "<h2>Over time</h2>" + plot_over_time(samples, "coverage (edges)", "edges") + plot_over_time(samples, "corpus (inputs)", "corpus") +
          plot_over_time(samples, "rate (executions a second)", "rate") + plot_over_time(samples, "executions", "executions");
  html += "<h2>Targets</h2><table><tr><th>target<th class=n>executions<th class=n>edges<th class=n>corpus<th class=n>a second";
  for (const auto& row : report["targets"]) {
    html += fmt::format("<tr><td>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}", escaped(row["target"].get<std::string>()),
                        row.value("executions", uint64_t{0}), row.value("edges", uint64_t{0}), row.value("corpus", uint64_t{0}), row.value("rate", uint64_t{0}));
  }
  html += "</table>";
  for (const auto& row : report["targets"]) {
    if (!row["calls"].empty()) html += "<h2>Calls the corpus of " + escaped(row["target"].get<std::string>()) + " makes</h2>" + calls_html(row["calls"]);
  }
  return html + "</html>\n";
}

std::expected<std::string, std::string> write_report(const State& state) {
  const auto report = collect_report(state);
  if (auto written = write_file(state.folder() / "report.json", report.dump(2) + "\n"); !written) return std::unexpected(written.error());
  const auto page = state.folder() / "report.html";
  if (auto written = write_file(page, html_report(state, report)); !written) return std::unexpected(written.error());
  return page.string();
}

}  // namespace cupel::fuzz
