#include "fuzz/campaign/page.hh"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "fuzz/campaign/markup.hh"
#include "fuzz/campaign/plot.hh"
#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr size_t shown_max = 20'000;  // bytes of one program or trace; the whole is in its file
constexpr size_t findings_shown_max = 50;
constexpr size_t colours = 8;  // --s0 to --s7

// 1234567 -> "1 234 567", with narrow spaces that do not break.
std::string grouped(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string out;
  for (size_t index = 0; index < digits.size(); ++index) {
    if (index > 0 && (digits.size() - index) % 3 == 0) out += "\u202f";
    out += digits[index];
  }
  return out;
}

std::string duration(double seconds) {
  const auto whole = static_cast<uint64_t>(seconds + 0.5);
  if (whole < 120) return fmt::format("{} s", whole);
  if (whole < 7200) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string colour_of(size_t index) { return fmt::format("var(--s{})", index % colours); }

std::string tile(const std::string& value, std::string_view label, std::string_view manner = "") {
  return fmt::format("<div class=tile><b class=\"{}\">{}</b>{}</div>", manner, value, label);
}

std::string tiles(const nlohmann::json& report) {
  const auto executions = report["executions"].get<uint64_t>();
  const double seconds = std::max(1.0, report.value("seconds", 1.0));
  uint64_t corpus = 0;
  for (const auto& row : report["targets"]) corpus += row.value("corpus", uint64_t{0});
  const size_t findings = report["findings"].size();
  return "<div class=tiles>" + tile(grouped(executions), "executions") + tile(grouped(static_cast<uint64_t>(static_cast<double>(executions) / seconds)), "a second, all targets") +
         tile(grouped(report["edges"].get<uint64_t>()), "edges reached") + tile(grouped(corpus), "inputs in the corpus") +
         tile(std::to_string(findings), findings == 1 ? "open finding" : "open findings", findings == 0 ? "good" : "bad") + "</div>";
}

std::string file_shown(const fs::path& file, std::string_view title, bool open) {
  auto text = read_file(file);
  if (!text || text->empty()) return {};
  if (text->size() > shown_max) text->replace(shown_max, std::string::npos, "\n... the rest is in " + file.string() + "\n");
  return fmt::format("<details{}><summary>{}</summary><pre>{}</pre></details>", open ? " open" : "", title, as_markup(*text));
}

std::string finding_html(const nlohmann::json& finding) {
  const auto text = [&](const char* key) { return as_markup(finding.value(key, std::string())); };
  std::string html = fmt::format("<article class=finding><h3>{}</h3><dl><dt>oracle<dd>{}", text("id"), text("oracle"));
  for (const char* key : {"call", "place", "expected", "got", "replay"}) {
    if (!finding.value(key, std::string()).empty()) html += fmt::format("<dt>{}<dd><code>{}</code>", key, text(key));
  }
  if (const int count = finding.value("count", 0); count > 0) {
    html += fmt::format("<dt>seen<dd>{}, first {}, last {}", count == 1 ? "once" : fmt::format("{} times", count), text("first_seen"), text("last_seen"));
  }
  html += "</dl>";
  const fs::path folder = finding.value("folder", std::string());
  if (!folder.empty()) html += file_shown(folder / "program.txt", "the program, minimised", true) + file_shown(folder / "trace.txt", "its trace", false);
  return html + "</article>";
}

std::string findings_html(const nlohmann::json& findings) {
  if (findings.empty()) return "<p class=good>None open. The canary, which must fail, was seen to fail.</p>";
  std::string html;
  size_t shown = 0;
  for (const auto& finding : findings) {
    if (++shown > findings_shown_max) break;
    html += finding_html(finding);
  }
  if (findings.size() > findings_shown_max) html += fmt::format("<p>And {} more, in report.json.</p>", findings.size() - findings_shown_max);
  return html;
}

std::string plot(const std::vector<nlohmann::json>& samples, const std::map<std::string, size_t>& order, const char* caption, const char* unit, const char* key) {
  std::vector<Series> series(order.size());
  // Between its slices a target has no rate; what else is drawn stays as it was.
  constexpr double gap_max = 8;  // seconds; samples of a slice are closer
  const double breaks = std::string_view(key) == "rate" ? gap_max : 0;
  for (const auto& [target, index] : order) series[index].name = target, series[index].colour = colour_of(index), series[index].gap_max = breaks;
  for (const auto& sample : samples) {
    const auto known = order.find(sample["target"].get<std::string>());
    if (known != order.end()) series[known->second].points.emplace_back(sample["seconds"].get<double>(), sample.value(key, 0.0));
  }
  const auto svg = plot_svg(key, series);
  return fmt::format("<figure><figcaption>{} <span>{}</span></figcaption>{}</figure>", caption, unit,
                     svg ? *svg : "<p class=quiet>No plot: " + as_markup(svg.error()) + "</p>");
}

std::string over_time(const std::vector<nlohmann::json>& samples, const std::map<std::string, size_t>& order) {
  std::vector<std::string> names(order.size());
  for (const auto& [target, index] : order) names[index] = target;
  std::string html = "<h2>Over time</h2><ul class=legend>";
  for (size_t index = 0; index < names.size(); ++index) html += fmt::format("<li><i style=\"background:{}\"></i>{}", colour_of(index), as_markup(names[index]));
  return html + "</ul><div class=plots>" + plot(samples, order, "Coverage", "edges reached", "edges") + plot(samples, order, "Corpus", "inputs kept", "corpus") +
         plot(samples, order, "Rate", "executions a second", "rate") + plot(samples, order, "Executions", "in total", "executions") + "</div>";
}

std::string targets_html(const nlohmann::json& targets, const std::map<std::string, size_t>& order) {
  std::string html = "<h2>Targets</h2><div class=sheet><table><tr><th>target<th>what it runs<th class=n>executions<th class=n>edges<th class=n>corpus<th class=n>a second";
  for (const auto& row : targets) {
    const std::string target = row["target"];
    html += fmt::format("<tr><td class=name><i style=\"background:{}\"></i>{}<td class=quiet>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}", colour_of(order.at(target)),
                        as_markup(target), as_markup(row.value("about", std::string())), grouped(row.value("executions", uint64_t{0})), grouped(row.value("edges", uint64_t{0})),
                        grouped(row.value("corpus", uint64_t{0})), grouped(row.value("rate", uint64_t{0})));
  }
  return html + "</table></div>";
}

std::string call_row(const nlohmann::json& row) {
  const size_t seen = row["seen"].size(), all = seen + row["unseen"].size();
  std::string chips;
  for (const auto& [outcome, times] : row["seen"].items()) {
    const std::string chip = fmt::format("<span class=chip title=\"{} times\">{}</span>", grouped(times.get<uint64_t>()), as_markup(outcome));
    chips = outcome == "ok" ? chip + chips : chips + chip;
  }
  for (const auto& outcome : row["unseen"]) chips += fmt::format("<span class=\"chip not\" title=\"not seen\">{}</span>", as_markup(outcome.get<std::string>()));
  const auto made = row["made"].get<uint64_t>();
  return fmt::format("<tr><td class=\"name{}\">{}<td class=n>{}<td class=n>{}<td class=n>{} of {}<span class=bar><i style=\"width:{}%\"></i></span><td>{}", made == 0 ? " bad" : "",
                     as_markup(row["name"].get<std::string>()), grouped(row["inputs"].get<uint64_t>()), grouped(made), seen, all, all == 0 ? 0 : 100 * seen / all, chips);
}

// What the schedules may miss.
std::string promises_html(const nlohmann::json& promises) {
  std::string html;
  for (const auto& [depth, row] : promises.items()) {
    html += fmt::format("{}{} inputs of depth {}: at least {:.2g} to {:.2g}", html.empty() ? "<p>PCT schedules, each with the probability of showing a bug of its depth: " : "; ",
                        grouped(row["inputs"].get<uint64_t>()), as_markup(depth), row["least"].get<double>(), row["most"].get<double>());
  }
  return html.empty() ? html : html + "</p>";
}

std::string calls_html(const nlohmann::json& table) {
  const auto& calls = table["calls"];
  size_t made = 0, seen = 0, declared = 0;
  for (const auto& row : calls) made += row["made"] > 0 ? 1 : 0, seen += row["seen"].size(), declared += row["seen"].size() + row["unseen"].size();
  std::string html = fmt::format("<h2>Calls of {} <small>{} of {} made, {} of {} outcomes seen, in {} of the corpus's {} inputs; least covered first</small></h2>", as_markup(table["interface"].get<std::string>()),
                                 made, calls.size(), seen, declared, grouped(table["traced"].get<uint64_t>()), grouped(table["inputs"].get<uint64_t>()));
  if (table.contains("problem")) html += "<p class=bad>" + as_markup(table["problem"].get<std::string>()) + "</p>";
  html += promises_html(table.value("pct", nlohmann::json::object()));
  html += "<div class=sheet><table><tr><th>call<th class=n>inputs<th class=n>made<th class=n>outcomes<th>seen, and dashed: declared but not seen";
  for (const auto& row : calls) html += call_row(row);
  return html + "</table></div>";
}

}  // namespace

std::string html_page(const nlohmann::json& report, const std::vector<nlohmann::json>& samples) {
  std::map<std::string, size_t> order;
  for (const auto& row : report["targets"]) order.emplace(row["target"].get<std::string>(), order.size());
  std::string html = fmt::format("<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Cupel: campaign report</title><style>{}</style>", page_style);
  html += fmt::format("<header><h1>Campaign report</h1><p>{} targets, {} &middot; {}</p></header>", report["targets"].size(), duration(report.value("seconds", 0.0)), as_markup(report.value("written", std::string())));
  html += tiles(report);
  html += "<h2>Findings</h2>" + findings_html(report["findings"]);
  html += over_time(samples, order) + targets_html(report["targets"], order);
  for (const auto& table : report["calls"]) html += calls_html(table);
  return html + fmt::format("<footer>Written by <code>./cupel fuzz</code> from {}. The same as JSON: <code>report.json</code> beside this page.</footer></html>\n", as_markup(report.value("state", std::string())));
}

}  // namespace cupel::fuzz
