#include "fuzz/campaign/exports.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "fuzz/campaign/markup.hh"
#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

using Json = nlohmann::json;

Json finding(const std::string& folder, const std::string& place = "") {
  return {{"id", "linux_program-model-pipe2"}, {"target", "linux_program"}, {"oracle", "model"}, {"call", "2: pipe2(<ends>)"}, {"expected", "EFAULT"},
          {"got", "0"}, {"place", place}, {"folder", folder}, {"replay", "./cupel replay program.txt"}};
}

Json report(std::vector<Json> findings) {
  return {{"executions", 30}, {"edges", 4}, {"findings", findings},
          {"targets", {{{"target", "linux_program"}, {"executions", 10}}, {{"target", "snp_psc"}, {"executions", 20}}}}};
}

TEST(Markup, WhatWouldBeMarkupIsEscapedAndWhatXmlCannotHoldIsReplaced) { EXPECT_EQ(as_markup("a<b>&\"c\"\x01\n"), "a&lt;b&gt;&amp;&quot;c&quot;\xef\xbf\xbd\n"); }

TEST(Junit, ATargetWithAFindingFailsAndOneWithoutPasses) {
  const std::string text = junit_of(report({finding("/f")}));
  EXPECT_NE(text.find("<testsuite name=\"linux_program\" tests=\"1\" failures=\"1\">"), std::string::npos) << text;
  EXPECT_NE(text.find("message=\"model: 2: pipe2(&lt;ends&gt;): expected EFAULT, got 0\""), std::string::npos) << text;
  EXPECT_NE(text.find("<testsuite name=\"snp_psc\" tests=\"1\" failures=\"0\">"), std::string::npos) << text;
}

TEST(Sarif, AFindingIsAResultOfItsOraclesRuleKnownAgainByItsId) {
  const Json run = sarif_of(report({finding("/f")}))["runs"][0];
  EXPECT_EQ(run["tool"]["driver"]["rules"][0]["id"], "model");
  const Json& result = run["results"][0];
  EXPECT_EQ(result["ruleId"], "model");
  EXPECT_EQ(result["partialFingerprints"]["cupelFinding/v1"], "linux_program-model-pipe2");
  EXPECT_EQ(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "/f/program.txt");
  EXPECT_FALSE(result.contains("codeFlows"));
}

TEST(Sarif, ACrashIsPlacedInTheSource) {
  const Json run = sarif_of(report({finding("/f", "libos/mm/mapping.cc:112")}))["runs"][0];
  const Json& physical = run["results"][0]["locations"][0]["physicalLocation"];
  EXPECT_EQ(physical["artifactLocation"]["uri"], "libos/mm/mapping.cc");
  EXPECT_EQ(physical["region"]["startLine"], 112);
}

TEST(Sarif, TheStepsOfTheTraceAreTheCodeFlow) {
  std::string folder = (std::filesystem::temp_directory_path() / "cupel-exports-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  ASSERT_TRUE(write_file(folder + "/trace.txt", "1: pipe2(0)\n2: exit(0)\n"));
  const Json run = sarif_of(report({finding(folder)}))["runs"][0];
  std::filesystem::remove_all(folder);
  const Json& steps = run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"];
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[1]["location"]["message"]["text"], "2: exit(0)");
  EXPECT_EQ(steps[1]["location"]["physicalLocation"]["region"]["startLine"], 2);
}

TEST(Markdown, NamesEachFindingWithItsReplay) {
  const std::string text = markdown_of(report({finding("/f")}));
  EXPECT_NE(text.find("1 open findings"), std::string::npos);
  EXPECT_NE(text.find("- replay: `./cupel replay program.txt`"), std::string::npos);
}

}  // namespace
}  // namespace cupel::fuzz
