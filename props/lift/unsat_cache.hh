#pragma once
#include <filesystem>
#include <string>
#include <unordered_set>

namespace cupel::lift {

// The keys of formulas which are known to have no solution, kept in a file from run to run. Only `unsat` is kept: the
// other answer is quick, and worth its model. The file is named for the solver's version, is only ever appended to, and
// may be shared by several processes.
class UnsatCache {
 public:
  explicit UnsatCache(const std::filesystem::path& folder);

  bool contains(const std::string& formula_key) const { return known_.contains(formula_key); }
  void add(const std::string& formula_key);
  size_t size() const { return known_.size(); }

 private:
  std::filesystem::path file_;
  std::unordered_set<std::string> known_;
};

}  // namespace cupel::lift
