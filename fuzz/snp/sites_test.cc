#include "fuzz/snp/sites.hh"

#include <gtest/gtest.h>

#include "fuzz/target.hh"

namespace cupel::fuzz::snp {
namespace {

const std::vector<SiteReport>& survey() {
  static const auto all = survey_sites("snp", "corpus/regressions", 5000);
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

TEST(Traces, SayWhatBecameOfAPageAndWhichActCameBefore) {
  const auto target = find_target("snp_psc")->make();
  const auto input = target->parse("accept gfn=0x5 pages=0x1\n@before_pvalidate 0 remap a=0x5 b=0x9\n");
  ASSERT_TRUE(input.has_value());
  const std::string trace = target->trace(input->bytes);
  const size_t assigned = trace.find("RMPUPDATE: system page 5 assigned for frame 5"), act = trace.find("act: @before_pvalidate 0 remap a=0x5 b=0x9");
  const size_t validated = trace.find("PVALIDATE: frame 5, for which system page 9 stands");
  EXPECT_NE(validated, std::string::npos) << trace;
  EXPECT_LT(assigned, act) << trace;
  EXPECT_LT(act, validated) << trace;
}

}  // namespace
}  // namespace cupel::fuzz::snp
