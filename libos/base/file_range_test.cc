#include "libos/base/file_range.hh"

#include <gtest/gtest.h>

namespace cupel {
namespace {

constexpr uint64_t top = file_offset_max;

TEST(FileRange, ATransferIsCutNotRefusedAtTheMostOneCallMoves) {
  EXPECT_EQ(transfer_size<uint64_t>(0, 0x7fff'f001), Result<uint64_t>(0x7fff'f000));
  EXPECT_EQ(transfer_size<uint64_t>(5, 10), Result<uint64_t>(10));
}

TEST(FileRange, ATransferPastTheLargestOffsetIsRefused) {
  EXPECT_EQ(transfer_size<uint64_t>(top, 0), Result<uint64_t>(0));
  EXPECT_EQ(transfer_size<uint64_t>(top, 1), fail(Errno::inval));
  EXPECT_EQ(transfer_size<uint64_t>(top + 1, 0), fail(Errno::inval));
  EXPECT_EQ(transfer_size<uint64_t>(0, UINT64_MAX), fail(Errno::inval));
}

TEST(FileRange, AWriteIsCutAtTheFileSizeLimitAndRefusedBeyondIt) {
  EXPECT_EQ(writable_size<uint64_t>(90, 20, 100), Result<uint64_t>(10));
  EXPECT_EQ(writable_size<uint64_t>(100, 1, 100), fail(Errno::fbig));
  EXPECT_EQ(writable_size<uint64_t>(200, 0, 100), Result<uint64_t>(0));
}

TEST(FileRange, AnAllocationMustFitWhollyAndMayNotBeEmpty) {
  EXPECT_EQ(allocation_end<uint64_t>(90, 10, 100), Result<uint64_t>(100));
  EXPECT_EQ(allocation_end<uint64_t>(90, 11, 100), fail(Errno::fbig));
  EXPECT_EQ(allocation_end<uint64_t>(top, top, top), fail(Errno::fbig));
  EXPECT_EQ(allocation_end<uint64_t>(90, 0, 100), fail(Errno::inval));
  EXPECT_EQ(allocation_end<uint64_t>(UINT64_MAX, 1, 100), fail(Errno::inval));
}

}  // namespace
}  // namespace cupel
