#include "cli/duration.hh"

#include <charconv>

namespace cupel::cli {

std::expected<std::chrono::milliseconds, std::string> parse_duration(std::string_view text) {
  const auto wrong = [&] { return std::unexpected("\"" + std::string(text) + "\" is not a duration; write 90s, 5m, 2h or 500ms"); };
  constexpr uint64_t amount_max = 1'000'000'000;
  uint64_t amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc{} || amount > amount_max) return wrong();
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (unit.empty() || unit == "s") return std::chrono::seconds(amount);
  if (unit == "ms") return std::chrono::milliseconds(amount);
  if (unit == "m") return std::chrono::minutes(amount);
  if (unit == "h") return std::chrono::hours(amount);
  return wrong();
}

}  // namespace cupel::cli
