#pragma once
#include <expected>
#include <string>

namespace cupel::fuzz {

// As one word of a shell's command.
std::string quoted(const std::string& text);

// Runs a bash script; what it printed, errors included. The error is that, if it failed, and what it was to do.
std::expected<std::string, std::string> bash(const std::string& script, const std::string& what);

}  // namespace cupel::fuzz
