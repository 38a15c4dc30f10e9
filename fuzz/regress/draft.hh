#pragma once
#include <expected>
#include <filesystem>
#include <string>

namespace cupel::fuzz {

struct DraftOptions {
  std::filesystem::path regressions;  // corpus/regressions, or another folder of entries
  std::string id;                     // of the entry; empty: the finding's, with dashes
  std::string mutant;                 // a patch that plants the bug again; empty: none yet
  std::string invariant;              // empty: what the oracle expected
};

// Makes an entry out of a campaign's finding: about.md, its input and, where there is one, mutant.patch. Returns its folder. The
// error names the file that is missing, or the entry that is there already; nothing half-made stays behind.
std::expected<std::filesystem::path, std::string> draft_entry(const std::filesystem::path& finding, const DraftOptions& options);

// The patch that takes the commit `fix` of the tree back: what it changed outside tests, texts and the corpus.
std::expected<std::string, std::string> patch_that_undoes(const std::filesystem::path& tree, const std::string& fix);

}  // namespace cupel::fuzz
