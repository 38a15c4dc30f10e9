#include "bench/row.hh"

#include <nlohmann/json.hpp>

namespace cupel::bench {

void to_json(nlohmann::json& json, const Row& row) {
  json = {{"name", row.name}, {"value", row.value}, {"unit", row.unit}, {"baseline", row.baseline}, {"baseline_value", row.baseline_value}, {"ratio", row.ratio}};
}

void from_json(const nlohmann::json& json, Row& row) {
  json.at("name").get_to(row.name), json.at("value").get_to(row.value), json.at("unit").get_to(row.unit);
  json.at("baseline").get_to(row.baseline), json.at("baseline_value").get_to(row.baseline_value), json.at("ratio").get_to(row.ratio);
}

}  // namespace cupel::bench
