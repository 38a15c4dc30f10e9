#pragma once
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

// A campaign by name: a file of TOML that says which targets run, for how long, and which of them get more of the time.
//
//   about = "one line"            what it is for
//   time = "4m"                   90s, 5m, 2h
//   jobs = 2                      processes at once (default: one a processor)
//   targets = ["linux_program"]   default: every target that can run here
//   [parts]                       parts of the time; a target that is not named has one
//   linux_program = 4
namespace cupel::fuzz {

struct Plan {
  std::string about;
  std::string time;  // as it is written; for whom it is to read knows the units
  std::optional<unsigned> jobs;
  std::vector<std::string> targets;
  std::map<std::string, unsigned> parts;
};

// The error names file, line and what is wrong: a key that is not known is wrong too.
std::expected<Plan, std::string> read_plan(const std::filesystem::path& file);

}  // namespace cupel::fuzz
