#include "fuzz/snp/sites.hh"

#include <gtest/gtest.h>

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

TEST(Sites, EachWasToldTwentyLiesOrMore) {
  for (const SiteReport& site : survey()) EXPECT_GE(site.lies, 20u) << site.name << " at " << site.file << ':' << site.line;
}

}  // namespace
}  // namespace cupel::fuzz::snp
