#include "fuzz/snp/sites.hh"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "fuzz/target.hh"
#include "platforms/mock/snp/ledger.hh"

namespace cupel::fuzz::snp {
namespace {

namespace fs = std::filesystem;

// The path within the tree, wherever it was built.
std::string within_tree(std::string_view file) {
  for (const std::string_view folder : {"platforms/", "shims/", "fuzz/", "libos/"}) {
    if (const auto at = file.find(folder); at != std::string_view::npos) return std::string(file.substr(at));
  }
  return std::string(file);
}

constexpr uint32_t neighbours = 200;  // of each entry: what a fuzzer makes of it first
constexpr size_t size_max = 4096;

void run_with_neighbours(Target& target, const Bytes& input) {
  target.run(input);
  for (uint32_t seed = 0; seed < neighbours; ++seed) {
    Bytes changed = input;
    target.mutate(changed, size_max, seed);
    target.run(changed);
  }
}

void run_entries(Target& target, const fs::path& regressions) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(regressions, error)) {
    std::ifstream file(entry.path() / "program.txt");
    std::stringstream text;
    text << file.rdbuf();
    if (text.str().find("# target: " + std::string(target.name()) + "\n") == std::string::npos) continue;
    if (auto parsed = target.parse(text.str())) run_with_neighbours(target, parsed->bytes);
  }
}

}  // namespace

std::vector<SiteReport> survey_sites(std::string_view group, const fs::path& regressions, uint32_t generated) {
  std::map<std::string_view, SiteReport> reports;
  const std::string prefix = std::string(group) + "_", folder = (group == "optee" ? "shims/" : "platforms/") + std::string(group) + "/";
  for (const Site& site : mock_snp::all_sites()) {
    if (!within_tree(site.file).starts_with(folder)) continue;
    reports[site.name] = {site.name, within_tree(site.file), site.guard, site.proof, site.line, {}, 0};
  }
  std::map<std::string_view, std::set<uint64_t>> lies;
  auto& ledger = mock_snp::ledger();
  for (const TargetInfo* info : targets()) {
    if (!info->name.starts_with(prefix)) continue;
    auto target = info->make();
    ledger.clear();
    ledger.on = true;
    run_entries(*target, regressions);
    for (uint32_t seed = 0; seed < generated; ++seed) target->run(target->generate(seed));
    ledger.on = false;
    for (auto& [name, report] : reports) {
      const auto* record = ledger.find(name);
      if (record == nullptr) continue;
      report.targets.emplace_back(info->name);
      lies[name].insert(record->lies.begin(), record->lies.end());
    }
  }
  std::vector<SiteReport> all;
  for (auto& [name, report] : reports) {
    report.lies = lies[name].size();
    all.push_back(std::move(report));
  }
  return all;
}

}  // namespace cupel::fuzz::snp
