#include "libos/base/iovec.hh"

#include <gtest/gtest.h>

#include <vector>

namespace cupel {
namespace {

Result<uint64_t> total(const std::vector<uint64_t>& sizes) { return segments_size(std::span(sizes)); }

TEST(Iovec, SegmentsAddUpAndNoneAtAllIsZero) {
  EXPECT_EQ(total({}), Result<uint64_t>(0));
  EXPECT_EQ(total({1, 0, 41}), Result<uint64_t>(42));
}

TEST(Iovec, WhatExceedsOneTransferIsLeftOut) {
  EXPECT_EQ(total({0x7fff'f000, 1}), Result<uint64_t>(0x7fff'f000));
  EXPECT_EQ(total({file_offset_max, file_offset_max, file_offset_max}), Result<uint64_t>(0x7fff'f000));
}

TEST(Iovec, ANegativeSizeIsRefusedEvenAfterTheTransferIsFull) {
  EXPECT_EQ(total({0x7fff'f000, UINT64_MAX}), fail(Errno::inval));
}

}  // namespace
}  // namespace cupel
