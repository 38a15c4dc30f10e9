#include "platforms/mock/snp/system.hh"

#include <gtest/gtest.h>

namespace cupel::mock_snp {
namespace {

// Table 3.1 written out by hand, row by row, for every combination of what it depends on.
Access by_the_table(bool present, bool mmio, bool encrypted, bool assigned, bool right_gfn, bool large_over_small, bool validated, bool vmsa, bool read_only, bool write) {
  if (!present) return Access::nested_fault;
  if (mmio) return Access::mmio_marked;
  if (read_only && write) return Access::nested_fault;
  if (!encrypted && !assigned) return Access::data;
  if (!encrypted && assigned) return Access::nested_fault;
  if (!assigned || !right_gfn || large_over_small) return Access::nested_fault;
  if (!validated) return Access::not_validated;
  return vmsa && write ? Access::nested_fault : Access::data;
}

TEST(Access, IsWhatTheTableSaysForAllCombinations) {
  for (unsigned bits = 0; bits < 1024; ++bits) {
    const auto bit = [&](unsigned index) { return ((bits >> index) & 1) != 0; };
    const NptEntry npt{.present = bit(0), .large = bit(5), .reserved_bit = bit(1), .read_only = bit(9), .spa = 3};
    const RmpEntry rmp{.assigned = bit(3), .large = false, .vmsa = bit(7), .validated = bit(6), .gfn = bit(4) ? 7u : 8u};
    EXPECT_EQ(judge_access(npt, rmp, 7, bit(2) ? Encrypted::yes : Encrypted::no, bit(8) ? Write::yes : Write::no),
              by_the_table(bit(0), bit(1), bit(2), bit(3), bit(4), bit(5), bit(6), bit(7), bit(9), bit(8)))
        << bits;
  }
}

TEST(System, AChangedAssignmentLosesItsValidation) {
  System system;
  ASSERT_TRUE(system.rmpupdate(5, true, 5, false));
  ASSERT_EQ(system.pvalidate(5, false, true)->unchanged, false);
  EXPECT_TRUE(system.rmp(5).validated);
  ASSERT_TRUE(system.rmpupdate(5, true, 5, false));
  EXPECT_TRUE(system.rmp(5).validated) << "the same assignment again changes nothing";
  ASSERT_TRUE(system.rmpupdate(5, true, 6, false));
  EXPECT_FALSE(system.rmp(5).validated);
  EXPECT_EQ(system.validated_for(5), 0u);
}

TEST(System, ValidatingTwiceSaysThatNothingChanged) {
  System system;
  system.rmpupdate(5, true, 5, false);
  EXPECT_FALSE(system.pvalidate(5, false, true)->unchanged);
  EXPECT_TRUE(system.pvalidate(5, false, true)->unchanged);
}

TEST(System, AFrameOnAnotherPageCanBeValidatedASecondTimeWithoutASign) {
  System system;
  system.rmpupdate(5, true, 5, false);
  system.pvalidate(5, false, true);
  system.rmpupdate(900, true, 5, false);
  system.remap(5, 900, false);
  EXPECT_FALSE(system.pvalidate(5, false, true)->unchanged) << "the processor does not see the attack; only a record does";
  EXPECT_EQ(system.validated_for(5), 2u);
}

TEST(System, ALargePageTakesOneInstructionUntilItIsSmashed) {
  System system;
  ASSERT_TRUE(system.rmpupdate(512, true, 512, true));
  system.remap(512, 512, true);
  EXPECT_EQ(system.pvalidate(512, true, true)->code, 0u);
  EXPECT_EQ(system.validated_for(1023), 1u);
  EXPECT_FALSE(system.pvalidate(513, false, true).has_value()) << "4K over a 2M entry faults to the hypervisor";
  ASSERT_TRUE(system.psmash(512));
  EXPECT_TRUE(system.rmp(513).validated) << "PSMASH keeps what was validated";
}

TEST(System, ResetForgetsAllOfIt) {
  System system;
  system.rmpupdate(5, true, 5, false);
  system.pvalidate(5, false, true);
  system.remap(6, 5, false);
  system.reset();
  EXPECT_EQ(system.rmp(5), RmpEntry{});
  EXPECT_EQ(system.npt(6).spa, 6u);
  EXPECT_EQ(system.validated_for(5), 0u);
}

}  // namespace
}  // namespace cupel::mock_snp
