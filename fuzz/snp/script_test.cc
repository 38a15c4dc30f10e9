#include "fuzz/snp/script.hh"

#include <gtest/gtest.h>

namespace cupel::fuzz::snp {
namespace {

constexpr StepDesc steps[] = {{"accept", {ArgDesc{"gfn", 2048}, ArgDesc{"pages", 600}}}, {"share", {ArgDesc{"gfn", 2048}}}, {"stop"}, {"cpuid", {ArgDesc{"leaf"}, ArgDesc{"kind", 7}}}};
const Grammar grammar{steps, {}, {}};

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

TEST(SnpScript, SimplerIsNeverTheSame) {
  const Script script = generate(grammar, 7);
  const auto all = simpler(grammar, script);
  EXPECT_FALSE(all.empty());
  for (const Script& one : all) EXPECT_NE(one, script);
}

}  // namespace
}  // namespace cupel::fuzz::snp
