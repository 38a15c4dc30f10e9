#pragma once
#include <expected>
#include <filesystem>
#include <string>

#include "fuzz/target.hh"

namespace cupel::fuzz {

// A file that holds an input, and the target it is for.
struct Input {
  std::filesystem::path file;
  std::string target;
  Bytes bytes;
  std::vector<std::string> warnings;  // "FILE:LINE:COLUMN: what was skipped"
};

// Reads `file`: text where it ends in .txt, else the engines' bytes. The target is `target` if given, else what the
// file says ("# target: NAME" near its top), what the about.md beside it says, or the name of a folder above it.
// The error says which file and what is wrong with it.
std::expected<Input, std::string> load_input(const std::filesystem::path& file, std::string_view target);

// "key: value" from the lines of an about.md before its first blank line; empty where there is none.
std::string about_value(const std::filesystem::path& about, std::string_view key);

std::expected<std::string, std::string> read_file(const std::filesystem::path& file);
// Written whole or not at all: a new file renamed over the old one.
std::expected<void, std::string> write_file(const std::filesystem::path& file, std::string_view content);

}  // namespace cupel::fuzz
