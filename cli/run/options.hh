#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace cupel::run {

// What `cupel run` was asked for.
struct Options {
  std::string root = "/";
  std::string working_directory;           // empty: the caller's
  std::vector<std::string> variables;      // NAME=VALUE, over the caller's environment
  uint64_t memory = uint64_t{4} << 30;     // bytes for the machine: its programs' memory, its files and what libos keeps
  bool explain = false, json = false, require_isolation = false, no_patch = false;
  std::string platform = "linux";
  std::string archive;                     // with snp-qemu, a tar archive: the machine's files; empty: busybox
  std::vector<std::string> command;
};

inline constexpr int exit_failed = 125, exit_not_executable = 126, exit_not_found = 127;

}  // namespace cupel::run
