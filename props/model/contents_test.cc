#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "libos/base/page.hh"
#include "props/model/model.hh"

namespace cupel::props {
namespace {

// Memory of zeros, wherever one looks.
class Zeros final : public GuestMemory {
 public:
  size_t copy_in(uint64_t, std::span<std::byte> out) const override { return std::ranges::fill(out, std::byte{0}), out.size(); }
  size_t copy_out(uint64_t, std::span<const std::byte>) const override { return 0; }
  Result<uint32_t> compare_exchange(uint64_t, uint32_t, uint32_t) const override { return fail(Errno::fault); }
};

class FileOf final : public FileView {
 public:
  explicit FileOf(uint64_t size) : size_(size) {}
  uint64_t size() const override { return size_; }
  void read(uint64_t, std::span<std::byte> out) const override { std::ranges::fill(out, std::byte{0}); }

 private:
  uint64_t size_;
};

TEST(Contents, APageWhereNothingIsMappedIsAMismatch) {
  Model model;
  const std::array<uint64_t, 1> pages{0x1080'0000};
  EXPECT_FALSE(model.look_at_memory(1, Zeros(), {}).has_value());
  const auto mismatch = model.look_at_memory(1, Zeros(), pages);
  ASSERT_TRUE(mismatch.has_value());
  EXPECT_EQ(mismatch->expected, "no page at 0x10800000");
}

TEST(Contents, WhatTheHarnessPutsIntoItsSlotsIsNotJudged) {
  Model model;
  const std::array<uint64_t, 1> pages{Bounds{}.writable_base};
  EXPECT_FALSE(model.look_at_memory(1, Zeros(), pages).has_value());
}

TEST(Contents, AFileThatIsLongerThanAnyCallMadeItIsAMismatch) {
  Model model;
  EXPECT_FALSE(model.look_at_file(1, 0, FileOf(0)).has_value());
  const auto mismatch = model.look_at_file(1, 0, FileOf(5));
  ASSERT_TRUE(mismatch.has_value());
  EXPECT_EQ(mismatch->got, "5 bytes");
}

}  // namespace
}  // namespace cupel::props
