// What libos relies on from any platform (docs/add-a-platform.md), asked of the mock.
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "libos/base/page.hh"
#include "platforms/mock/scripted_guest.hh"

namespace cupel::mock {
namespace {

using platform::Access;
using platform::Space;
using platform::Woken;

constexpr uint64_t page = 0x1000'0000;
constexpr Access read_write = Access::read | Access::write;

struct Refusing : platform::FaultHandler {
  Result<> page_fault(Space, uint64_t page_address, Access) override {
    asked = page_address;
    return fail(Errno::fault);
  }
  uint64_t asked = 0;
};

class PlatformConformance : public testing::Test {
 protected:
  PlatformConformance() {
    for (auto& frame : frames) frame.fill(std::byte{0});
  }
  size_t put(uint64_t address, std::string_view text) { return platform.copy_out(space, address, std::as_bytes(std::span(text))); }
  std::string get(uint64_t address, size_t size) {
    std::string text(size, '?');
    text.resize(platform.copy_in(space, address, std::as_writable_bytes(std::span(text))));
    return text;
  }

  ScriptedGuest guest;
  MockPlatform platform{guest};
  Refusing handler;
  Space space = platform.new_space(handler).value();
  alignas(page_size) std::array<std::array<std::byte, page_size>, 3> frames;
};

TEST_F(PlatformConformance, WhatIsWrittenIsReadAgainAcrossPages) {
  ASSERT_TRUE(platform.map(space, page, frames[0].data(), read_write));
  ASSERT_TRUE(platform.map(space, page + page_size, frames[1].data(), read_write));
  EXPECT_EQ(put(page + page_size - 3, "abcdef"), 6u);
  EXPECT_EQ(get(page + page_size - 3, 6), "abcdef");
  EXPECT_EQ(std::memcmp(frames[1].data(), "def", 3), 0);
}

TEST_F(PlatformConformance, ACopyStopsAtTheFirstFaultAndSaysHowFarItCame) {
  ASSERT_TRUE(platform.map(space, page, frames[0].data(), read_write));
  EXPECT_EQ(put(page + page_size - 3, "abcdef"), 3u);
  EXPECT_EQ(handler.asked, page + page_size);
  EXPECT_EQ(get(page + page_size - 3, 6), "abc");
}

TEST_F(PlatformConformance, ACopyNearTheTopOfTheAddressSpaceFaults) {
  EXPECT_EQ(put(UINT64_MAX - 2, "abcdef"), 0u);
  EXPECT_EQ(get(user_limit, 1), "");
}

TEST_F(PlatformConformance, AFaultThatTheHandlerMendsIsNoFault) {
  struct Mending : platform::FaultHandler {
    Result<> page_fault(Space where, uint64_t page_address, Access) override { return platform->map(where, page_address, frame, read_write); }
    MockPlatform* platform;
    std::byte* frame;
  } mending;
  mending.platform = &platform;
  mending.frame = frames[2].data();
  space = platform.new_space(mending).value();
  EXPECT_EQ(put(page, "x"), 1u);
  EXPECT_EQ(frames[2][0], std::byte{'x'});
}

TEST_F(PlatformConformance, AReadOnlyPageIsReadAndNotWritten) {
  ASSERT_TRUE(platform.map(space, page, frames[0].data(), Access::read));
  EXPECT_EQ(get(page, 1).size(), 1u);
  EXPECT_EQ(put(page, "x"), 0u);
  EXPECT_EQ(platform.compare_exchange(space, page, 0, 1), fail(Errno::fault));
}

TEST_F(PlatformConformance, MappingOverAnInstalledPageReplacesIt) {
  ASSERT_TRUE(platform.map(space, page, frames[0].data(), read_write));
  ASSERT_TRUE(platform.map(space, page, frames[1].data(), read_write));
  EXPECT_EQ(put(page, "x"), 1u);
  EXPECT_EQ(frames[0][0], std::byte{0});
  EXPECT_EQ(frames[1][0], std::byte{'x'});
}

TEST_F(PlatformConformance, UnmappingWhatIsNotInstalledDoesNothing) {
  ASSERT_TRUE(platform.map(space, page, frames[0].data(), read_write));
  platform.unmap(space, page + page_size, 1'000'000'000);
  EXPECT_EQ(put(page, "x"), 1u);
  platform.unmap(space, page, 1);
  platform.unmap(space, page, 1);
  EXPECT_EQ(put(page, "x"), 0u);
}

TEST_F(PlatformConformance, ProtectingChangesWhatIsInstalledAndNothingElse) {
  ASSERT_TRUE(platform.map(space, page, frames[0].data(), read_write));
  platform.protect(space, page, 2, Access::none);
  EXPECT_EQ(get(page, 1), "");
  EXPECT_EQ(get(page + page_size, 1), "");
}

TEST_F(PlatformConformance, SpacesDoNotSeeEachOther) {
  const Space other = platform.new_space(handler).value();
  ASSERT_TRUE(platform.map(space, page, frames[0].data(), read_write));
  EXPECT_EQ(platform.copy_out(other, page, std::as_bytes(std::span("x", 1))), 0u);
}

TEST_F(PlatformConformance, CompareExchangeGivesTheOldWordAndStoresOnlyOverTheExpectedOne) {
  ASSERT_TRUE(platform.map(space, page, frames[0].data(), read_write));
  EXPECT_EQ(platform.compare_exchange(space, page, 0, 7), 0u);
  EXPECT_EQ(platform.compare_exchange(space, page, 0, 8), 7u);
  EXPECT_EQ(platform.compare_exchange(space, page, 7, 7), 7u);
  EXPECT_EQ(platform.compare_exchange(space, page + 2, 7, 7), fail(Errno::inval));
}

TEST_F(PlatformConformance, AWaitComesBackAtOnceWhenTheWordHasChanged) {
  std::atomic<uint32_t> word{1};
  Woken woken{};
  guest[1] = [&] { woken = platform.wait(word, 0, platform::no_deadline); };
  ASSERT_TRUE(platform.start(1, space));
  platform.run();
  EXPECT_EQ(woken, Woken::woken);
  EXPECT_TRUE(platform.sleeping().empty());
}

TEST_F(PlatformConformance, AWakeBeforeTheWaitIsNotLost) {
  std::atomic<uint32_t> word{0};
  bool done = false;
  guest[1] = [&] {
    const uint32_t seen = word.load();
    ++word;
    platform.wake(word, 1);
    platform.wait(word, seen, platform::no_deadline);
    done = true;
  };
  ASSERT_TRUE(platform.start(1, space));
  platform.run();
  EXPECT_TRUE(done);
}

TEST_F(PlatformConformance, AWakeReachesAsManyAsItNames) {
  std::atomic<uint32_t> word{0};
  int woken = 0;
  for (int32_t tid = 1; tid <= 3; ++tid) {
    guest[tid] = [&] {
      platform.wait(word, 0, platform::no_deadline);
      ++woken;
    };
    ASSERT_TRUE(platform.start(tid, space));
  }
  platform.run();
  EXPECT_EQ(woken, 0);
  platform.wake(word, 2);
  platform.run();
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(platform.sleeping().size(), 1u);
  platform.wake(word, 9);
  platform.run();
}

TEST_F(PlatformConformance, AWaitEndsAtItsDeadlineAndTheClockHasReachedIt) {
  std::atomic<uint32_t> word{0};
  Woken woken{};
  const auto deadline = platform.now(platform::ClockBase::monotonic) + 5'000'000'000;
  guest[1] = [&] { woken = platform.wait(word, 0, deadline); };
  ASSERT_TRUE(platform.start(1, space));
  platform.run();
  EXPECT_EQ(woken, Woken::timed_out);
  EXPECT_GE(platform.now(platform::ClockBase::monotonic), deadline);
}

TEST_F(PlatformConformance, ClocksDoNotGoBack) {
  for (const auto clock : {platform::ClockBase::monotonic, platform::ClockBase::realtime}) {
    const auto first = platform.now(clock);
    EXPECT_GE(platform.now(clock), first);
  }
}

TEST_F(PlatformConformance, AStoppedTaskIsGoneWhenItsCodeReturns) {
  guest[1] = [&] { platform.stop(1); };
  ASSERT_TRUE(platform.start(1, space));
  platform.run();
  EXPECT_TRUE(platform.ended(1));
}

TEST_F(PlatformConformance, MoreTasksThanThePlatformRunsAreRefused) {
  int32_t tid = 1;
  while (platform.start(tid, space)) ++tid;
  EXPECT_EQ(platform.start(tid, space), fail(Errno::again));
  platform.run();
  platform.stop(1);
  EXPECT_TRUE(platform.start(tid, space));
  platform.run();
}

}  // namespace
}  // namespace cupel::mock
