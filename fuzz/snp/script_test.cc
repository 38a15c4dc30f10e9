#include "fuzz/snp/chooser.hh"

#include <gtest/gtest.h>

namespace cupel::fuzz::snp {
namespace {

constexpr StepDesc steps[] = {{"accept", {ArgDesc{"gfn", 2048}, ArgDesc{"pages", 600}}}, {"share", {ArgDesc{"gfn", 2048}}}, {"stop"}, {"cpuid", {ArgDesc{"leaf"}, ArgDesc{"kind", 7}}}};
const Grammar grammar{steps, {}, {}, {}};

TEST(SnpScript, AnyBytesAreAScriptAndEncodingIsStable) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Bytes bytes;
    for (uint64_t index = 0; index < seed; ++index) bytes.push_back(static_cast<uint8_t>((seed * 2654435761u + index * index * 40503u) >> 7));
    const Script script = decode(grammar, bytes);
    EXPECT_EQ(decode(grammar, encode(grammar, script)), script);
    EXPECT_EQ(encode(grammar, decode(grammar, encode(grammar, script))), encode(grammar, script));
  }
}

TEST(SnpScript, TextComesBackAsItWas) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Script script = generate(grammar, seed);
    mutate(grammar, script, seed);
    auto again = parse(grammar, print(grammar, script));
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, script);
  }
}

TEST(SnpScript, AnErrorSaysWhereAndWhatWasExpected) {
  EXPECT_EQ(parse(grammar, "accept gfn=5\nshare gfn=x\n").error(), "2:11: expected a number");
  EXPECT_NE(parse(grammar, "@never 1 flip\n").error().find("before_exit"), std::string::npos);
  EXPECT_NE(parse(grammar, "embrace gfn=1\n").error().find("cpuid"), std::string::npos);
}

TEST(SnpScript, StepsComeByTheirWeightsTheOpeningFirstAndWithAtMostOneArgumentChanged) {
  static constexpr std::array<uint64_t, args_max> shown[] = {{7, 8, 9}};
  static constexpr StepDesc weighted[] = {{"seldom"}, {"often", {ArgDesc{"a"}, ArgDesc{"b"}, ArgDesc{"c"}}, shown, 9}};
  const Grammar uneven{weighted, {}, {}, {}, uint8_t{0}};
  unsigned first = 0, often = 0, all = 0, whole = 0, near = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const Script script = generate(uneven, seed);
    first += script.steps[0].kind == 0 ? 1 : 0;
    for (const GuestStep& step : script.steps) {
      ++all;
      if (step.kind != 1) continue;
      ++often;
      const int same = (step.args[0] == 7) + (step.args[1] == 8) + (step.args[2] == 9);
      whole += same == 3 ? 1 : 0;
      near += same >= 2 ? 1 : 0;
    }
  }
  EXPECT_GT(first, 650u);
  EXPECT_GT(often * 10, all * 7);
  EXPECT_GT(whole * 4, often);
  EXPECT_GT(near * 10, often * 6);
}

TEST(SnpScript, EachTaleIsTold) {
  for (size_t tale = 0; tale < tales; ++tale) {
    const Tale only[] = {static_cast<Tale>(tale)};
    const Grammar telling{steps, {}, {}, only};
    const Script untold = generate(grammar, 3);
    size_t told = 0;
    for (uint64_t seed = 0; seed < 50; ++seed) {
      Script script = untold;
      Chooser choose(telling, seed);
      add_tale(script, choose);
      told += script.acts.size() > untold.acts.size() ? 1 : 0;
    }
    EXPECT_EQ(told, 50u) << tale;
  }
}

TEST(SnpScript, SimplerIsNeverTheSame) {
  const Script script = generate(grammar, 7);
  const auto all = simpler(grammar, script);
  EXPECT_FALSE(all.empty());
  for (const Script& one : all) EXPECT_NE(one, script);
}

}  // namespace
}  // namespace cupel::fuzz::snp
