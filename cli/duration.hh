#pragma once
#include <chrono>
#include <expected>
#include <string>
#include <string_view>

namespace cupel::cli {

// "90", "90s", "5m", "2h", "500ms": how long; plain numbers are seconds. The error says what was expected.
std::expected<std::chrono::milliseconds, std::string> parse_duration(std::string_view text);

}  // namespace cupel::cli
