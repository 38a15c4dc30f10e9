#include "fuzz/regress/kept.hh"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

uint64_t digest(std::string_view text) {
  uint64_t value = 0xcbf2'9ce4'8422'2325;
  for (const char c : text) value = (value ^ static_cast<uint8_t>(c)) * 0x100'0000'01b3;
  return value;
}

nlohmann::json as_json(const Rediscovery& rediscovery) {
  return {{"found", rediscovery.found}, {"seconds", rediscovery.seconds}, {"executions", rediscovery.executions}, {"oracle", rediscovery.oracle}, {"input", rediscovery.input}};
}

}  // namespace

Kept::Kept(fs::path folder, std::string sources, const MutantOptions& options)
    : folder_(std::move(folder)), of_all_(fmt::format("{} matrix={} rediscover={}", sources, options.matrix, options.rediscover.count())) {}

std::string Kept::stamp_of(const Entry& entry) const {
  const auto patch = read_file(entry.patch.value_or(fs::path())), input = read_file(entry.input);
  return fmt::format("{} {:x} {:x}", of_all_, digest(patch.value_or("")), digest(input.value_or("")));
}

bool Kept::take(EntryResult& result) const {
  const auto text = read_file(folder_ / (result.entry.id + ".json"));
  const auto kept = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!kept.is_object() || kept.value("stamp", "") != stamp_of(result.entry)) return false;
  result.mutant = kept["mutant"], result.catchers = kept["catchers"], result.seconds = kept["seconds"];
  Replay& seen = result.on_mutant;
  seen.verdict = kept["verdict"], seen.oracle = kept["oracle"], seen.call = kept["call"];
  if (const auto& again = kept["rediscovery"]; again.is_object()) {
    result.rediscovery = Rediscovery{again["found"], again["seconds"], again["executions"], again["oracle"], again["input"]};
  }
  result.kept = true;
  return true;
}

std::expected<void, std::string> Kept::keep(const EntryResult& result) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return std::unexpected(folder_.string() + ": " + error.message());
  const Replay& seen = result.on_mutant;
  const nlohmann::json kept{{"stamp", stamp_of(result.entry)}, {"mutant", result.mutant}, {"catchers", result.catchers}, {"seconds", result.seconds}, {"verdict", seen.verdict},
                            {"oracle", seen.oracle}, {"call", seen.call}, {"rediscovery", result.rediscovery ? as_json(*result.rediscovery) : nlohmann::json()}};
  return write_file(folder_ / (result.entry.id + ".json"), kept.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace cupel::fuzz
