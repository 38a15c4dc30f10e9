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

// All entries below `folder` whose group is in `groups` (empty: all), by id. The error names the entry that is not
// whole: a regression that cannot run must not pass by being passed over.
std::expected<std::vector<Entry>, std::string> load_entries(const std::filesystem::path& folder, const std::vector<std::string>& groups);

struct EntryResult {
  Entry entry;
  Replay on_current;                 // must be "ok"
  std::string mutant = "none";       // "caught", "survived", "broken" (it could not be asked), "none" (was not, or there is no patch)
  std::string trouble;               // of a broken one: why
  Replay on_mutant;
  std::vector<std::string> catchers; // oracles which see the mutant when they alone are on
  double seconds = 0;                // of the replay that caught it
  bool rediscovered = false;
  double rediscover_seconds = 0;
};

struct MutantOptions {
  std::filesystem::path source;      // the tree
  std::filesystem::path scratch;     // where the mutated copy is built
  bool matrix = false;               // also ask each oracle alone
  std::chrono::seconds rediscover{0};
};

// The current build does what it should, and the mutant, where one was asked for, was caught.
bool passes(const EntryResult& result);

// Replays the entry on this build.
std::expected<EntryResult, std::string> replay_entry(const Entry& entry);

// Makes or refreshes the scratch copy of the tree, plants the entry's mutant in it, builds, and asks whether it is
// caught. The copy is left as the source is. A patch that does not apply, or a mutant that does not build, is this entry's
// failure: the others can still be judged.
void judge_mutant(EntryResult& result, const MutantOptions& options, const std::function<void(const std::string&)>& log);

}  // namespace cupel::fuzz
