#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace cupel::bench {

// One line of a benchmark: what was measured, and beside it something that was measured in the same run, so that the ratio
// means the same on every machine.
struct Row {
  std::string name;
  double value = 0;
  std::string unit;
  std::string baseline;  // the name of the row it is held against; its own name where it is a baseline itself
  double baseline_value = 0;
  double ratio = 0;      // value / baseline_value
};

void to_json(nlohmann::json& json, const Row& row);
void from_json(const nlohmann::json& json, Row& row);

}  // namespace cupel::bench
