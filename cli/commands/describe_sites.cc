#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hh"
#include "fuzz/snp/sites.hh"

namespace cupel::cli {
namespace {

constexpr uint32_t generated_inputs = 5000;  // of each target

}  // namespace

int describe_sites(std::string_view group, bool json) {
  const auto all = fuzz::snp::survey_sites(group, root() / "corpus/regressions", generated_inputs);
  const bool reached = std::ranges::none_of(all, [](const auto& site) { return site.targets.empty(); });
  if (json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const auto& site : all) {
      rows.push_back({{"name", site.name}, {"file", fmt::format("{}:{}", site.file, site.line)}, {"targets", site.targets}, {"lies", site.lies}, {"guard", site.guard}, {"proof", site.proof}});
    }
    print_json({{"sites", rows}});
    return reached ? exit_fine : exit_findings;
  }
  for (const auto& site : all) {
    std::cout << fmt::format("{:22} {}:{}\n    {} lies, told by {}\n    guard: {}\n", site.name, site.file, site.line, site.lies, site.targets.empty() ? "NO TARGET" : fmt::format("{}", fmt::join(site.targets, ", ")), site.guard);
    if (!site.proof.empty()) std::cout << "    proof: " << site.proof << '\n';
  }
  std::cout << fmt::format("{} sites\n", all.size());
  return reached ? exit_fine : exit_findings;
}

}  // namespace cupel::cli
