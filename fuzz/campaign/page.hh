#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace cupel::fuzz {

// A report (report.hh) as one HTML page that needs nothing else, light or dark as its reader prefers, with plots of
// coverage, corpus, rate and executions over time from `samples`.
std::string html_page(const nlohmann::json& report, const std::vector<nlohmann::json>& samples);

// The page's style sheet.
extern const char* const page_style;

}  // namespace cupel::fuzz
