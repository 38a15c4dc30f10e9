#include "fuzz/campaign/plan.hh"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <fmt/format.h>

#include <algorithm>

namespace cupel::fuzz {
namespace {

constexpr int64_t parts_max = 1000, jobs_max = 1024;

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  std::expected<Plan, std::string> read(const toml::table& table) {
    for (const auto& [key, node] : table) {
      if (key == "about") text(node, plan_.about);
      else if (key == "time") text(node, plan_.time);
      else if (key == "jobs") plan_.jobs = number(node, jobs_max);
      else if (key == "targets") targets(node);
      else if (key == "parts") parts(node);
      else wrong(node, fmt::format("\"{}\" is not known; known: about, time, jobs, targets, parts", key.str()));
    }
    if (!trouble_.empty()) return std::unexpected(trouble_);
    return std::move(plan_);
  }

 private:
  void wrong(const toml::node& node, const std::string& what) {
    if (trouble_.empty()) trouble_ = fmt::format("{}:{}: {}", file_, node.source().begin.line, what);
  }
  void text(const toml::node& node, std::string& out) {
    if (const auto value = node.value<std::string>()) out = *value;
    else wrong(node, "here stands a text in quotes");
  }
  unsigned number(const toml::node& node, int64_t max) {
    const auto value = node.value_exact<int64_t>();
    if (value && *value >= 1 && *value <= max) return static_cast<unsigned>(*value);
    wrong(node, fmt::format("here stands a number from 1 to {}", max));
    return 1;
  }
  void targets(const toml::node& node) {
    const toml::array* names = node.as_array();
    if (names == nullptr || names->empty()) return wrong(node, "here stands a list of targets, [\"linux_program\", ...]");
    for (const toml::node& name : *names) text(name, plan_.targets.emplace_back());
  }
  void parts(const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return wrong(node, "here stands a table, [parts], with a line \"TARGET = NUMBER\" each");
    for (const auto& [target, count] : *table) plan_.parts[std::string(target.str())] = number(count, parts_max);
  }

  std::string file_, trouble_;
  Plan plan_;
};

}  // namespace

std::expected<Plan, std::string> read_plan(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) return std::unexpected(file.string() + ": there is no such campaign");
  const toml::parse_result parsed = toml::parse_file(file.string());
  if (!parsed) return std::unexpected(fmt::format("{}:{}: {}", file.string(), parsed.error().source().begin.line, parsed.error().description()));
  return Reader(file.string()).read(parsed.table());
}

}  // namespace cupel::fuzz
