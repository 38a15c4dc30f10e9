#include "fuzz/snp/script.hh"

#include <gtest/gtest.h>

namespace cupel::fuzz::snp {
namespace {

TEST(SnpScript, AnyBytesAreAScriptAndEncodingIsStable) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Bytes bytes;
    for (uint64_t index = 0; index < seed; ++index) bytes.push_back(static_cast<uint8_t>((seed * 2654435761u + index * index * 40503u) >> 7));
    const Script script = decode(bytes);
    EXPECT_EQ(decode(encode(script)), script);
    EXPECT_EQ(encode(decode(encode(script))), encode(script));
  }
}

TEST(SnpScript, TextComesBackAsItWas) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Script script = generate(seed);
    mutate(script, seed);
    auto again = parse(print(script));
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, script);
  }
}

TEST(SnpScript, AnErrorSaysWhereAndWhatWasExpected) {
  EXPECT_EQ(parse("accept gfn=5\nshare gfn=x\n").error(), "2:11: expected a number");
  EXPECT_NE(parse("@never 1 flip\n").error().find("before_exit"), std::string::npos);
  EXPECT_NE(parse("embrace gfn=1\n").error().find("accept_early"), std::string::npos);
}

TEST(SnpScript, SimplerIsNeverTheSame) {
  const Script script = generate(7);
  const auto all = simpler(script);
  EXPECT_FALSE(all.empty());
  for (const Script& one : all) EXPECT_NE(one, script);
}

}  // namespace
}  // namespace cupel::fuzz::snp
