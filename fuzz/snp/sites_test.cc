#include "fuzz/snp/sites.hh"

#include <gtest/gtest.h>

#include <algorithm>

namespace cupel::fuzz::snp {
namespace {

const std::vector<SiteReport>& survey() {
  static const auto all = survey_sites("corpus/regressions", 5000);
  return all;
}

TEST(Sites, EachIsReachedByATargetAndHasAGuard) {
  ASSERT_GE(survey().size(), 20u);
  for (const SiteReport& site : survey()) {
    EXPECT_FALSE(site.targets.empty()) << site.name << " at " << site.file << ':' << site.line << " is reached by no target";
    EXPECT_FALSE(site.guard.empty()) << site.name;
  }
}

TEST(Sites, HalfOfThemWereToldTwentyLiesOrMore) {
  std::vector<uint64_t> lies;
  for (const SiteReport& site : survey()) lies.push_back(site.lies);
  std::ranges::sort(lies);
  EXPECT_GE(lies[lies.size() / 2], 20u);
  if (HasFailure()) {
    for (const SiteReport& site : survey()) GTEST_LOG_(INFO) << site.name << ": " << site.lies;
  }
}

}  // namespace
}  // namespace cupel::fuzz::snp
