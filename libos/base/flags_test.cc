#include "libos/base/flags.hh"

#include <gtest/gtest.h>

#include <cstdint>

namespace cupel {
namespace {

TEST(Flags, KnownBitsPassUnchangedAndOneUnknownBitRefusesAll) {
  EXPECT_EQ(decode_flags<uint32_t>(0b101, 0b111), Result<uint32_t>(0b101));
  EXPECT_EQ(decode_flags<uint32_t>(0b1101, 0b111), fail(Errno::inval));
  EXPECT_EQ(decode_flags<uint8_t>(0x80, 0x7f), fail(Errno::inval));
}

}  // namespace
}  // namespace cupel
