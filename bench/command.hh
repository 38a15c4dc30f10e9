#pragma once
#include <expected>
#include <string>

namespace cupel::bench {

// What a shell command prints on its standard output; an error where it cannot be run or does not exit with 0.
std::expected<std::string, std::string> output_of(const std::string& command);

}  // namespace cupel::bench
