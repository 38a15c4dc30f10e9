#include <gtest/gtest.h>

#include <algorithm>

#include "fuzz/snp/sites.hh"
#include "fuzz/target.hh"

namespace cupel::fuzz::snp {
namespace {

const std::vector<SiteReport>& survey() {
  static const auto all = survey_sites("optee", "corpus/regressions", 12000);
  return all;
}

TEST(OpteeSites, EachIsReachedByATargetAndHasAGuard) {
  ASSERT_GE(survey().size(), 20u);
  for (const SiteReport& site : survey()) {
    EXPECT_FALSE(site.targets.empty()) << site.name << " at " << site.file << ':' << site.line << " is reached by no target";
    EXPECT_FALSE(site.guard.empty()) << site.name;
  }
}

TEST(OpteeSites, EachWasLiedToAndHalfOfThemTwentyTimesOrMore) {
  std::vector<uint64_t> lies;
  for (const SiteReport& site : survey()) {
    EXPECT_GE(site.lies, 1u) << site.name << " at " << site.file << ':' << site.line;
    lies.push_back(site.lies);
  }
  std::ranges::sort(lies);
  EXPECT_GE(lies[lies.size() / 2], 20u);
}

// An honest normal world gets what it asks for: refusing all is no way to pass.
TEST(OpteeMessages, AnHonestNormalWorldOpensInvokesAndCloses) {
  const auto target = find_target("optee_messages")->make();
  const auto input = target->parse("register cookie=7 start=8 size=0x1000 offset=0\nopen ta=0 login=0\ninvoke session=1 func=0 shape=0xa9 size=100\ninvoke session=1 func=0 shape=0x65 size=100\nclose session=1\nunregister cookie=7\n");
  ASSERT_TRUE(input.has_value());
  const std::string trace = target->trace(input->bytes);
  EXPECT_EQ(trace.find(" = 0xf"), std::string::npos) << trace;
  EXPECT_EQ(trace.find("return"), std::string::npos) << trace;
}

TEST(OpteeRpc, AnHonestSupplicantServesReadsAndTimes) {
  const auto target = find_target("optee_rpc")->make();
  const auto input = target->parse("open ta=2 how=1\nread session=1 size=32 how=1\nread session=1 size=32 how=0\ntime session=1 how=0\nwait session=1 how=0\nclose session=1 how=0\n");
  ASSERT_TRUE(input.has_value());
  const std::string trace = target->trace(input->bytes);
  EXPECT_EQ(trace.find(" = 0xf"), std::string::npos) << trace;
}

}  // namespace
}  // namespace cupel::fuzz::snp
