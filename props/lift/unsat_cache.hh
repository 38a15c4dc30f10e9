#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>

namespace cupel::lift {

// Queries which are known to have no solution, by the hash of their text, kept in a file from run to run. Only `unsat`
// is kept: the other answer is worth its model. The file is named for the solver's version, is only ever appended to,
// and may be shared by several processes.
class UnsatCache {
 public:
  explicit UnsatCache(const std::filesystem::path& folder);

  bool contains(std::string_view query) const { return known_.contains(key(query)); }
  void add(std::string_view query);
  size_t size() const { return known_.size(); }

 private:
  static std::string key(std::string_view query);

  std::filesystem::path file_;
  std::unordered_set<std::string> known_;
};

}  // namespace cupel::lift
