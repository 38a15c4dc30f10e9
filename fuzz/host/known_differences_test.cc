#include "fuzz/host/known_differences.hh"

#include <gtest/gtest.h>

#include <cerrno>

namespace cupel::host {
namespace {

TEST(KnownDifferences, TheProjectsAreFewAndEachHasItsReason) {
  const auto& lines = KnownDifferences::project().lines();
  EXPECT_LE(lines.size(), 15u);  // what more there is to say is a bug to mend, or no comparison (translate.cc)
  for (const auto& line : lines) EXPECT_GT(line.reason.size(), 20u) << line.calls;
}

TEST(KnownDifferences, ALineHoldsWhereAllItsConditionsDo) {
  const auto known = KnownDifferences::parse("# comment\n\nopen,creat : libos=EINVAL kernel=ok arg1&0x4000 arg2=7 : reasons\n");
  ASSERT_TRUE(known) << known.error();
  const Seen seen{"open", {0, 0x5000, 7}, -EINVAL, 3, false, false};
  EXPECT_EQ(known->find(seen), 0u);
  auto other = seen;
  other.call = "openat";
  EXPECT_EQ(known->find(other), std::nullopt);
  other = seen, other.kernel = -EPERM;
  EXPECT_EQ(known->find(other), std::nullopt);
  other = seen, other.libos = -ENOENT;
  EXPECT_EQ(known->find(other), std::nullopt);
  other = seen, other.registers[1] = 0x1000;
  EXPECT_EQ(known->find(other), std::nullopt);
  other = seen, other.registers[2] = 8;
  EXPECT_EQ(known->find(other), std::nullopt);
}

TEST(KnownDifferences, BytesAndTheModelAreConditionsToo) {
  const auto known = KnownDifferences::parse("a : bytes : reason\nb : model-allows-both : reason");
  ASSERT_TRUE(known) << known.error();
  EXPECT_EQ(known->find({"a", {}, 0, 0, true, false}), 0u);
  EXPECT_EQ(known->find({"a", {}, 0, 0, false, true}), std::nullopt);
  EXPECT_EQ(known->find({"b", {}, 0, 1, false, true}), 1u);
  EXPECT_EQ(known->find({"b", {}, 0, 1, true, false}), std::nullopt);
}

TEST(KnownDifferences, AMistakeNamesItsLine) {
  EXPECT_EQ(KnownDifferences::parse("a : libos=ok : fine\nb libos=ok").error(), "line 2: expected `calls : condition : reason`");
  EXPECT_EQ(KnownDifferences::parse("a : libos=EWHAT : reason").error(), "line 1: unknown condition `libos=EWHAT`");
}

}  // namespace
}  // namespace cupel::host
