#include <gtest/gtest.h>

#include <string>

#include "platforms/mock/scripted_guest.hh"

namespace cupel::mock {
namespace {

using platform::Space;
using platform::Woken;

struct NoPages : platform::FaultHandler {
  Result<> page_fault(Space, uint64_t, platform::Access) override { return fail(Errno::fault); }
};

class MockTasks : public testing::Test {
 protected:
  // `count` tasks which make three calls each; returns who made which, in order.
  std::string calls(int count, const Schedule& schedule) {
    platform.reset({.schedule = schedule});
    const Space space = platform.new_space(handler).value();
    std::string made;
    for (int32_t tid = 1; tid <= count; ++tid) {
      guest[tid] = [this, tid, &made] {
        for (uint64_t call = 0; call < 3; ++call) {
          platform.at_call(call);
          made += static_cast<char>('0' + tid);
        }
      };
      EXPECT_TRUE(platform.start(tid, space));
    }
    platform.run();
    return made;
  }

  NoPages handler;
  ScriptedGuest guest;
  MockPlatform platform{guest};
};

TEST_F(MockTasks, InOrderTheEarliestCallGoesFirst) { EXPECT_EQ(calls(3, {.order = Order::in_order}), "123123123"); }

TEST_F(MockTasks, TheSameSeedGivesTheSameScheduleAndAnotherSeedAnother) {
  for (const Order order : {Order::random, Order::pct}) {
    std::string all;
    bool differ = false;
    const std::string first = calls(3, {.order = order, .seed = 1, .depth = 3, .points_expected = 9});
    EXPECT_EQ(first, calls(3, {.order = order, .seed = 1, .depth = 3, .points_expected = 9}));
    for (uint32_t seed = 2; seed < 12; ++seed) differ |= first != calls(3, {.order = order, .seed = seed, .depth = 3, .points_expected = 9});
    EXPECT_TRUE(differ);
  }
}

TEST_F(MockTasks, PctOfDepthOneNeverInterrupts) {
  for (uint32_t seed = 0; seed < 10; ++seed) {
    const std::string made = calls(2, {.order = Order::pct, .seed = seed, .depth = 1});
    EXPECT_TRUE(made == "111222" || made == "222111") << made;
  }
}

TEST_F(MockTasks, TimePassesOnlyWhenEverybodySleeps) {
  platform.reset({});
  const Space space = platform.new_space(handler).value();
  std::atomic<uint32_t> word{0};
  std::string events;
  guest[1] = [&] {
    platform.wait(word, 0, MockPlatform::boot_time + 500);
    events += "late ";
  };
  guest[2] = [&] {
    for (uint64_t call = 0; call < 3; ++call) {
      platform.at_call(call);
      events += "call ";
    }
    platform.wait(word, 0, MockPlatform::boot_time + 100);
    events += "early ";
  };
  for (int32_t tid : {1, 2}) ASSERT_TRUE(platform.start(tid, space));
  platform.run();
  EXPECT_EQ(events, "call call call early late ");
  EXPECT_EQ(platform.clock(), MockPlatform::boot_time + 500);
}

TEST_F(MockTasks, WhoSleepsForEverIsListedAndCanStillBeWoken) {
  platform.reset({});
  std::atomic<uint32_t> word{0};
  bool done = false;
  guest[7] = [&] {
    platform.wait(word, 0, platform::no_deadline);
    done = true;
  };
  ASSERT_TRUE(platform.start(7, platform.new_space(handler).value()));
  platform.run();
  ASSERT_EQ(platform.sleeping().size(), 1u);
  EXPECT_EQ(platform.sleeping()[0].tid, 7);
  platform.wake(word, 1);
  platform.run();
  EXPECT_TRUE(done);
}

TEST_F(MockTasks, ResetComesBackToWhatWasSaved) {
  platform.reset({});
  const Space space = platform.new_space(handler).value();
  alignas(4096) std::array<std::byte, 4096> frame{};
  ASSERT_TRUE(platform.map(space, 0x5000, frame.data(), platform::Access::read));
  ASSERT_TRUE(platform.start(1, space));
  platform.run();
  platform.save();
  int runs = 0;
  guest[1] = [&] {
    ++runs;
    platform.unmap(space, 0x5000, 1);
    ASSERT_TRUE(platform.start(2, platform.new_space(handler).value()));
  };
  for (int round = 0; round < 3; ++round) {
    platform.reset({});
    std::byte byte{};
    EXPECT_EQ(platform.copy_in(space, 0x5000, {&byte, 1}), 1u);
    platform.rouse(1);
    platform.run();
    EXPECT_FALSE(platform.ended(2));
  }
  EXPECT_EQ(runs, 3);
}

TEST_F(MockTasks, SleepIsReportedBeforeAnythingElseHappens) {
  struct Watching : Guest {
    void run(const RunningTask& task) override { task.tid == 1 ? sleeper() : waker(); }
    void on_sleep(const RunningTask& task) override { events += "sleep" + std::to_string(task.tid) + " "; }
    std::function<void()> sleeper, waker;
    std::string events;
  } watching;
  MockPlatform machine(watching);
  machine.reset({.schedule = {.order = Order::random, .seed = 3}});
  std::atomic<uint32_t> word{0}, lock{0};
  machine.set_lock_word(&lock);
  watching.sleeper = [&] {
    machine.wait(lock, 0, MockPlatform::boot_time + 1);  // for the lock: no sleep
    machine.wait(word, 0, platform::no_deadline);
    watching.events += "woken ";
  };
  watching.waker = [&] {
    while (watching.events.empty()) machine.at_call(0);
    ++word;
    machine.wake(word, 1);
  };
  const Space space = machine.new_space(handler).value();
  for (int32_t tid : {1, 2}) ASSERT_TRUE(machine.start(tid, space));
  // A deadline passes only when everybody sleeps, so the second task gives up the processor for good first.
  watching.waker = [&] {
    machine.wait(word, 0, MockPlatform::boot_time + 2);
    ++word;
    machine.wake(word, 1);
  };
  machine.run();
  EXPECT_TRUE(watching.events == "sleep2 sleep1 woken " || watching.events == "sleep1 sleep2 woken ") << watching.events;
}

TEST_F(MockTasks, WhoWaitsForALockThatNobodyReleasesIsNamed) {
  platform.reset({});
  const Space space = platform.new_space(handler).value();
  std::atomic<uint32_t> lock{1}, word{0};
  platform.set_lock_word(&lock);
  guest[1] = [&] { platform.wait(word, 0, platform::no_deadline); };
  guest[2] = [&] { platform.wait(lock, 1, platform::no_deadline); };
  for (int32_t tid : {1, 2}) ASSERT_TRUE(platform.start(tid, space));
  platform.run();
  ASSERT_EQ(platform.waiting_for_lock().size(), 1u);
  EXPECT_EQ(platform.waiting_for_lock()[0].tid, 2);
  platform.abandon();
  EXPECT_TRUE(platform.waiting_for_lock().empty());
  platform.set_lock_word(nullptr);
}

TEST_F(MockTasks, AMachineThatNeverComesToRestIsStopped) {
  platform.reset({});
  const Space space = platform.new_space(handler).value();
  std::atomic<uint32_t> word{0};
  bool enough = false;
  guest[1] = [&] {
    while (!enough) platform.wait(word, 0, platform.clock() + 1);
  };
  ASSERT_TRUE(platform.start(1, space));
  platform.run();
  EXPECT_TRUE(platform.exhausted());
  enough = true;
  platform.run();
  EXPECT_FALSE(platform.exhausted());
}

TEST_F(MockTasks, ACopyWithoutTheLockCanBeInterruptedAndOneWithItCannot) {
  for (const bool locked : {false, true}) {
    bool between = false;
    for (uint32_t seed = 0; seed < 20; ++seed) {
      platform.reset({.schedule = {.order = Order::random, .seed = seed}});
      const Space space = platform.new_space(handler).value();
      std::atomic<uint32_t> lock{locked ? 1u : 0u};
      platform.set_lock_word(&lock);
      std::string events;
      guest[1] = [&] {
        CallWatch watch;
        platform.watch(&watch);
        events += '1';
        std::byte byte{};
        platform.copy_in(space, 0, {&byte, 1});
        events += '1';
        platform.watch(nullptr);
      };
      guest[2] = [&] { events += '2'; };
      for (int32_t tid : {1, 2}) ASSERT_TRUE(platform.start(tid, space));
      platform.run();
      between |= events == "121";
    }
    EXPECT_EQ(between, !locked);
  }
  platform.set_lock_word(nullptr);
}

TEST_F(MockTasks, ChanceIsAFunctionOfTheSeed) {
  std::array<std::byte, 13> first{}, again{}, other{};
  platform.reset({.seed = 5});
  platform.random(first);
  platform.reset({.seed = 5});
  platform.random(again);
  platform.reset({.seed = 6});
  platform.random(other);
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
}

TEST_F(MockTasks, TheMixedPolicyGrantsSomeCallsAndKeepsItsWord) {
  platform.reset({.policy = Policy::mixed, .seed = 1});
  int granted = 0;
  for (uint32_t call = 0; call < 64; ++call) {
    EXPECT_EQ(platform.granted(call), platform.granted(call));
    granted += platform.granted(call);
  }
  EXPECT_GT(granted, 8);
  EXPECT_LT(granted, 56);
  platform.reset({.policy = Policy::deny_all});
  EXPECT_FALSE(platform.granted(0));
}

TEST_F(MockTasks, AHaltedMachineStandsWhereItIsAndItsStacksAreUsedAgain) {
  for (unsigned round = 0; round < 3; ++round) {
    platform.reset({});
    const Space space = platform.new_space(handler).value();
    bool went_on = false;
    guest[1] = [&] {
      platform.halt();
    };
    guest[2] = [&] { went_on = true; };
    ASSERT_TRUE(platform.start(1, space));
    ASSERT_TRUE(platform.start(2, space));
    platform.run();
    EXPECT_TRUE(platform.halted());
    EXPECT_FALSE(went_on);
    platform.abandon(MockPlatform::Stacks::used_again);
  }
  EXPECT_EQ(calls(3, {.order = Order::in_order}), "123123123");
}

}  // namespace
}  // namespace cupel::mock
