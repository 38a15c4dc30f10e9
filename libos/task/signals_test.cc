#include "libos/task/signal_state.hh"

#include <gtest/gtest.h>

#include "libos/task/signals.hh"

namespace cupel::libos {
namespace {

TEST(PendingSignals, AnOrdinarySignalIsPendingOnceWithWhatCameFirst) {
  PendingSignals pending;
  EXPECT_TRUE(pending.add({.number = 10, .first = 1}));
  EXPECT_TRUE(pending.add({.number = 10, .first = 2}));
  EXPECT_EQ(pending.take(10).first, 1u);
  EXPECT_EQ(pending.set(), 0u);
}

TEST(PendingSignals, RealTimeSignalsQueueInOrder) {
  PendingSignals pending;
  EXPECT_TRUE(pending.add({.number = 34, .second = 1}));
  EXPECT_TRUE(pending.add({.number = 34, .second = 2}));
  EXPECT_EQ(pending.take(34).second, 1u);
  EXPECT_EQ(pending.set(), signal_bit(34));
  EXPECT_EQ(pending.take(34).second, 2u);
  EXPECT_EQ(pending.set(), 0u);
}

TEST(PendingSignals, WithoutRoomARealTimeSignalIsRefusedAndAnOrdinaryOneKeepsItsBit) {
  PendingSignals pending;
  while (pending.add({.number = 34})) {}
  EXPECT_TRUE(pending.add({.number = 10, .first = 7}));
  EXPECT_EQ(pending.set(), signal_bit(34) | signal_bit(10));
  EXPECT_EQ(pending.take(10).first, 0u);  // what came with it is lost
  EXPECT_EQ(pending.set(), signal_bit(34));
}

TEST(PendingSignals, ForgettingLeavesTheOthers) {
  PendingSignals pending;
  EXPECT_TRUE(pending.add({.number = 10, .first = 1}));
  EXPECT_TRUE(pending.add({.number = 12, .first = 2}));
  pending.forget(signal_bit(10));
  EXPECT_EQ(pending.set(), signal_bit(12));
  EXPECT_EQ(pending.take(12).first, 2u);
}

TEST(Signals, WhatTheyDoUnhandledIsSignal7s) {
  EXPECT_EQ(default_action(signals::child), DefaultAction::ignore);
  EXPECT_EQ(default_action(signals::stop), DefaultAction::stop);
  EXPECT_EQ(default_action(signals::terminate), DefaultAction::end);
  EXPECT_EQ(default_action(64), DefaultAction::end);
}

TEST(Signals, AnAlternateStackHoldsItsTopAndNotItsBase) {
  const SignalStack stack{.base = 0x1000, .size = 0x1000};
  EXPECT_FALSE(stack.holds(0x1000));
  EXPECT_TRUE(stack.holds(0x2000));
  EXPECT_FALSE(stack.holds(0x2001));
  EXPECT_FALSE(SignalStack{}.holds(0x10));
}

}  // namespace
}  // namespace cupel::libos
