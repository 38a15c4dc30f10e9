#include "libos/base/arena.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace cupel {
namespace {

class ArenaTest : public ::testing::Test {
 protected:
  static constexpr size_t size = 256 * 1024;
  std::unique_ptr<std::byte, decltype(&std::free)> memory_{static_cast<std::byte*>(std::aligned_alloc(4096, size)), &std::free};
  Arena& arena_ = *Arena::create({memory_.get(), size});
};

TEST_F(ArenaTest, AFreedBlockIsGivenOutAgainAndNothingLeaks) {
  void* first = arena_.allocate(100).value();
  arena_.free(first, 100);
  EXPECT_EQ(arena_.allocate(120).value(), first);
  arena_.free(first, 120);
  EXPECT_EQ(arena_.allocated_size(), 0u);
}

TEST_F(ArenaTest, FullIsAnErrorNotAnAbort) {
  size_t count = 0;
  while (arena_.allocate(4096)) ++count;
  EXPECT_EQ(arena_.allocate(4096), fail(Errno::nomem));
  EXPECT_EQ(count, size / 4096 - 1);
  arena_.check();
}

TEST_F(ArenaTest, ASizeNearTheTopOfTheWordIsRefused) {
  EXPECT_EQ(arena_.allocate(SIZE_MAX), fail(Errno::nomem));
  EXPECT_EQ(arena_.allocate(SIZE_MAX / 2 + 2), fail(Errno::nomem));
}

TEST_F(ArenaTest, TheChosenAllocationFailsAndTheNextSucceeds) {
  arena_.fail_allocation(2);
  EXPECT_TRUE(arena_.allocate(32));
  EXPECT_EQ(arena_.allocate(32), fail(Errno::nomem));
  EXPECT_TRUE(arena_.allocate(32));
  EXPECT_EQ(arena_.allocation_count(), 3u);
  EXPECT_EQ(arena_.refusal_count(), 1u);
}

TEST_F(ArenaTest, EveryAllocationIsFilledEvenWhenUsedBefore) {
  arena_.set_fill(std::byte{0x5a});
  auto* first = static_cast<unsigned char*>(arena_.allocate(64).value());
  std::memset(first, 1, 64);
  arena_.free(first, 64);
  auto* again = static_cast<unsigned char*>(arena_.allocate(64).value());
  EXPECT_EQ(again[63], 0x5a);
}

TEST_F(ArenaTest, WholePagesArePageAligned) {
  EXPECT_TRUE(arena_.allocate(24));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena_.allocate(8192).value()) % 4096, 0u);
}

}  // namespace
}  // namespace cupel
