#pragma once
#include <functional>
#include <vector>

#include "fuzz/regress/revision.hh"

namespace cupel::fuzz {

struct BisectStep {
  std::string commit, title;
  std::string said;     // "good", "bad" or "skip": it does not build, cannot read the program, or fails in another way
  std::string trouble;  // of a skipped one: why
};

struct Bisected {
  std::string commit, title;           // the first bad one; empty where skipped ones stand between
  std::vector<std::string> suspects;   // then these, of which one is the first bad one
};

// The first commit after `good` in which `program` fails as it does in `bad`, by replay: git's own bisection, each commit built in
// `revision`. The error says when `good` fails as well, or `bad` does not.
std::expected<Bisected, std::string> bisect(const Revision& revision, const std::filesystem::path& program, const std::string& good, const std::string& bad,
                                            const std::function<void(const BisectStep&)>& on_step);

}  // namespace cupel::fuzz
