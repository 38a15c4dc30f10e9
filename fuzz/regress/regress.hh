#pragma once
#include <chrono>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/replay/replay.hh"

namespace cupel::fuzz {

// One folder of corpus/regressions: about.md, program.txt (or input.bin), mutant.patch.
struct Entry {
  std::string id;
  std::string group;   // "linux", "snp", ...: the target's name up to its first underscore
  std::string target;
  std::string oracle;  // the one that is expected to see the mutant
  std::filesystem::path folder;
  std::filesystem::path input;
  std::optional<std::filesystem::path> patch;
};

// All entries below `folder` whose group, target or id is in `groups` (empty: all), by id. The error names the entry that is
// not whole: a regression that cannot run must not pass by being passed over.
std::expected<std::vector<Entry>, std::string> load_entries(const std::filesystem::path& folder, const std::vector<std::string>& groups);

// What a campaign from nothing made of a mutant.
struct Rediscovery {
  bool found = false;
  double seconds = 0;      // until then, or until it was given up
  uint64_t executions = 0;
  std::string oracle;      // that saw it
  Bytes input;             // with which
};

struct EntryResult {
  Entry entry;
  Replay on_current;                 // must be "ok"
  std::string mutant = "none";       // "caught", "survived", "broken" (it could not be asked), "none" (was not, or there is no patch)
  std::string trouble;               // of a broken one: why
  Replay on_mutant;
  std::vector<std::string> catchers; // oracles which see the mutant when they alone are on
  double seconds = 0;                // of the replay that caught it
  std::optional<Rediscovery> rediscovery;
  bool kept = false;                 // taken over from an earlier run
};

struct MutantOptions {
  std::filesystem::path source;      // the tree
  std::filesystem::path scratch;     // where mutated copies are built, and what came of them is kept
  bool matrix = false;               // also ask each oracle alone
  std::chrono::seconds rediscover{0};
  unsigned jobs = 1;                 // mutants at once, each in a copy of its own
  bool resume = false;               // takes over what an earlier run with the same sources and options has found out
};

// The current build does what it should, and the mutant, where one was asked for, was caught.
bool passes(const EntryResult& result);

// Replays the entry on this build.
std::expected<EntryResult, std::string> replay_entry(const Entry& entry);

// Plants each entry's mutant in a copy of the tree, builds its target, asks whether it is caught, and lets a campaign look for
// it. A patch that does not apply, or a mutant that does not build, is its entry's failure: the others are judged all the same.
// Each result goes to `on_result` when it is there; all of them come back in the order of the entries.
using OnResult = std::function<void(const EntryResult&)>;
using Log = std::function<void(const std::string&)>;
std::expected<std::vector<EntryResult>, std::string> judge_mutants(const std::vector<Entry>& entries, const MutantOptions& options, const OnResult& on_result, const Log& log);

}  // namespace cupel::fuzz
