#include "platforms/mock/call_watch.hh"

#include <gtest/gtest.h>

#include "libos/base/page.hh"
#include "platforms/mock/scripted_guest.hh"

namespace cupel::mock {
namespace {

using platform::Access;

constexpr uint64_t page = 0x4000'0000;

struct NoPages : platform::FaultHandler {
  Result<> page_fault(platform::Space, uint64_t, Access) override { return fail(Errno::fault); }
};

class CallWatchTest : public testing::Test {
 protected:
  // Makes `call` on a task's fiber, watched.
  void during(const CallPlan& plan, std::function<void()> call) {
    guest[1] = [&] {
      watch.begin(plan);
      platform.watch(&watch);
      call();
      platform.watch(nullptr);
      watch.end(platform.memory());
    };
    platform.rouse(1);
    platform.run();
  }
  void SetUp() override {
    ASSERT_TRUE(platform.map(space, page, frame.data(), Access::read | Access::write));
    ASSERT_TRUE(platform.start(1, space));
    platform.run();
  }
  uint8_t read(uint64_t address) {
    std::byte byte{0xee};
    platform.copy_in(space, address, {&byte, 1});
    return std::to_integer<uint8_t>(byte);
  }
  size_t read_many(uint64_t address, size_t size) {
    std::vector<std::byte> bytes(size);
    return platform.copy_in(space, address, bytes);
  }

  NoPages handler;
  ScriptedGuest guest;
  MockPlatform platform{guest};
  platform::Space space = platform.new_space(handler).value();
  alignas(page_size) std::array<std::byte, page_size> frame{};
  CallWatch watch;
};

TEST_F(CallWatchTest, BytesReadTwiceAreNamed) {
  during({}, [&] {
    read_many(page, 16);
    read_many(page + 12, 8);
  });
  ASSERT_EQ(watch.rereads().size(), 1u);
  EXPECT_EQ(watch.rereads()[0].address, page + 12);
  EXPECT_EQ(watch.rereads()[0].size, 4u);
}

TEST_F(CallWatchTest, ReadingOnPieceByPieceIsReadingOnce) {
  during({}, [&] {
    for (uint64_t offset = 0; offset < 64; offset += 8) read_many(page + offset, 8);
  });
  EXPECT_TRUE(watch.rereads().empty());
  ASSERT_EQ(watch.reads().size(), 1u);
  EXPECT_EQ(watch.reads()[0].size, 64u);
}

TEST_F(CallWatchTest, TheChosenCopyStopsHalfWay) {
  during({.fail_copy = 2}, [&] {
    EXPECT_EQ(read_many(page, 16), 16u);
    EXPECT_EQ(read_many(page + 16, 16), 8u);
    EXPECT_EQ(read_many(page + 32, 16), 16u);
  });
  EXPECT_TRUE(watch.copy_failed());
}

TEST_F(CallWatchTest, TheChosenWaitIsInterrupted) {
  std::atomic<uint32_t> word{0};
  during({.interrupt_wait = 1}, [&] { EXPECT_EQ(platform.wait(word, 0, platform::no_deadline), platform::Woken::interrupted); });
  EXPECT_TRUE(watch.wait_interrupted());
}

TEST_F(CallWatchTest, ATamperedByteIsSeenByASecondReadAndIsGoneAfterwards) {
  frame[5] = std::byte{1};
  const Tampering tampering{page + 5, std::byte{2}};
  during({.tampering = {&tampering, 1}}, [&] {
    EXPECT_EQ(read(page + 5), 1);
    EXPECT_EQ(read(page + 5), 2);
  });
  EXPECT_EQ(frame[5], std::byte{1});
}

TEST_F(CallWatchTest, WhatTheCallWroteStaysAfterTampering) {
  const Tampering tampering{page + 5, std::byte{2}};
  during({.tampering = {&tampering, 1}}, [&] {
    read(page + 5);
    const std::byte answer{9};
    platform.copy_out(space, page + 5, {&answer, 1});
  });
  EXPECT_EQ(frame[5], std::byte{9});
  ASSERT_EQ(watch.writes().size(), 1u);
}

}  // namespace
}  // namespace cupel::mock
