#pragma once
#include "fuzz/regress/regress.hh"

// What is kept of a judged mutant, so that a run which was interrupted goes on from there.
namespace cupel::fuzz {

class Kept {
 public:
  // `sources` is the tree's digest: results of another tree, or of other options, are none.
  Kept(std::filesystem::path folder, std::string sources, const MutantOptions& options);
  // Fills in what is known of the entry's mutant; false: nothing.
  bool take(EntryResult& result) const;
  std::expected<void, std::string> keep(const EntryResult& result) const;

 private:
  std::string stamp_of(const Entry& entry) const;
  std::filesystem::path folder_;
  std::string of_all_;
};

}  // namespace cupel::fuzz
