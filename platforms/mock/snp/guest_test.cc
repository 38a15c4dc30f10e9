// The guest side's page states against an honest hypervisor, and against single lies.
#include <gtest/gtest.h>

#include "platforms/mock/snp/hardware.hh"
#include "platforms/snp/arithmetic.hh"
#include "platforms/snp/negotiation.hh"
#include "platforms/snp/page_states.hh"

namespace cupel::mock_snp {
namespace {

using namespace snp;

class GuestTest : public ::testing::Test {
 protected:
  // A fresh machine under this script.
  void script(std::vector<Act> acts) {
    acts_ = std::move(acts);
    system_.reset();
    hypervisor_.begin(acts_);
    hardware_.begin();
    hardware_.map_shared(frames::ghcb);
    std::ranges::fill(states_, Frame{});
    ghcb_.emplace(core_.emplace(hardware_, uint64_t{frames::ghcb} << 12));
    pages_.emplace(*ghcb_, Shadow(0, states_));
    ghcb_->clear_page();
  }
  // Whether the guest did it; false where it was stopped.
  template <class F>
  bool run(F operation) {
    try {
      operation(*pages_);
      hardware_.end_operation();
      return true;
    } catch (const GuestStopped&) {
      return false;
    }
  }

  std::vector<Act> acts_;
  System system_;
  Hypervisor hypervisor_{system_};
  SecureProcessor secure_processor_;
  Hardware hardware_{system_, hypervisor_, secure_processor_};
  std::vector<Frame> states_ = std::vector<Frame>(guest_frames);
  std::optional<Core<Hardware>> core_;
  std::optional<Ghcb<Hardware>> ghcb_;
  std::optional<PageStates<Hardware>> pages_;
};

TEST_F(GuestTest, AnHonestHypervisorMakesEveryLegalSequenceSucceed) {
  script({});
  EXPECT_TRUE(run([&](auto&) {
    Negotiation<Hardware> negotiation(*core_);
    negotiation.check_status();
    negotiation.agree();
    negotiation.register_ghcb();
  }));
  EXPECT_TRUE(run([](auto& pages) { pages.accept_early(3); }));
  EXPECT_TRUE(run([](auto& pages) { pages.accept(10, 300); }));
  EXPECT_TRUE(run([](auto& pages) { pages.accept(512, 512); }));
  EXPECT_TRUE(run([](auto& pages) { pages.share(600, 3); }));
  EXPECT_TRUE(run([](auto& pages) { pages.accept(600, 3); }));
  EXPECT_TRUE(run([](auto& pages) { pages.share(10, 300); }));
  EXPECT_TRUE(run([](auto& pages) { pages.share_early(3); }));
  EXPECT_FALSE(hardware_.violation().has_value()) << hardware_.violation()->got;
  EXPECT_FALSE(core_->terminated());
}

TEST_F(GuestTest, AcceptingAPageTwiceEndsTheGuest) {
  script({});
  EXPECT_TRUE(run([](auto& pages) { pages.accept(5, 1); }));
  EXPECT_FALSE(run([](auto& pages) { pages.accept(5, 1); }));
  EXPECT_TRUE(core_->terminated());
  EXPECT_FALSE(hardware_.violation().has_value());
}

TEST_F(GuestTest, AHypervisorThatMakesNoProgressIsGivenUpOn) {
  std::vector<Act> acts;
  for (uint16_t exit = 0; exit < 100; ++exit) acts.push_back({When::before_exit, exit, ActKind::partial, 0, 0});
  script(acts);
  EXPECT_FALSE(run([](auto& pages) { pages.accept(5, 3); }));
  EXPECT_TRUE(core_->terminated());
  EXPECT_FALSE(hardware_.violation().has_value());
}

TEST_F(GuestTest, ProgressByOneEntryAnExitIsStillProgress) {
  std::vector<Act> acts;
  for (uint16_t exit = 0; exit < 100; ++exit) acts.push_back({When::before_exit, exit, ActKind::partial, 1, 0});
  script(acts);
  EXPECT_TRUE(run([](auto& pages) { pages.accept(5, 60); }));
}

TEST_F(GuestTest, EachLieInTheAnswerEndsTheGuest) {
  for (const Act& lie : {Act{When::after_exit, 0, ActKind::current, 9, 0}, Act{When::after_exit, 0, ActKind::end, 0, 0}, Act{When::after_exit, 0, ActKind::header_reserved, 1, 0},
                         Act{When::after_exit, 0, ActKind::info_1, 1, 0}, Act{When::after_exit, 0, ActKind::info_2, 1, 0}, Act{When::after_exit, 0, ActKind::invalid, 115, 0},
                         Act{When::before_exit, 0, ActKind::ignore, 0, 0}}) {
    script({lie});
    EXPECT_FALSE(run([&](auto& pages) { pages.accept(5, 3); })) << static_cast<int>(lie.kind);
    EXPECT_TRUE(core_->terminated());
    EXPECT_FALSE(hardware_.violation().has_value()) << hardware_.violation()->got;
  }
}

TEST_F(GuestTest, EndedIsEndedHoweverOftenItIsResumed) {
  script({{When::after_exit, 0, ActKind::flip, 12, 0}, {When::after_exit, 1, ActKind::resume, 5, 0}});
  EXPECT_FALSE(run([](auto& pages) { pages.accept_early(3); }));
  EXPECT_EQ(hardware_.exit_count(), 7u);
  EXPECT_FALSE(hardware_.violation().has_value());
}

TEST_F(GuestTest, ARemappedPageIsNotRescindedTwice) {
  script({{When::before_pvalidate, 1, ActKind::assign, 5, 2900}, {When::before_pvalidate, 1, ActKind::remap, 5, 2900}});
  EXPECT_TRUE(run([](auto& pages) { pages.accept(5, 1); }));
  EXPECT_FALSE(run([](auto& pages) { pages.share(5, 1); }));
  EXPECT_TRUE(core_->terminated());
  EXPECT_FALSE(hardware_.violation().has_value());
}

TEST(Clock, NanosecondsGoForwardToTheCountersLastValue) {
  for (const uint64_t khz : {frequency_min_khz, uint64_t{1'000'000}, uint64_t{2'000'000}, frequency_max_khz}) {
    uint64_t last = 0;
    for (unsigned shift = 0; shift < 64; ++shift) {
      for (const uint64_t ticks : {uint64_t{1} << shift, (uint64_t{1} << shift) + ((uint64_t{1} << shift) - 1)}) {
        const uint64_t now = nanoseconds<uint64_t>(ticks, khz);
        EXPECT_GE(now, last) << ticks << " ticks at " << khz << " kHz";
        EXPECT_LE(now, nanoseconds_max);
        last = now;
      }
    }
  }
}

TEST(Clock, ADeadlinesTicksAreNotBeforeItsTimeByMoreThanOneAndNeverWrap) {
  for (const uint64_t khz : {frequency_min_khz, uint64_t{2'000'000}, frequency_max_khz}) {
    EXPECT_EQ(ticks_at(1'000'000, khz), khz);
    EXPECT_EQ(ticks_at(1'500'000, khz), khz + khz / 2);
    for (const uint64_t time : {uint64_t{999}, uint64_t{123'456'789}, nanoseconds_max / 3}) {
      const uint64_t ticks = ticks_at(time, khz);
      if (ticks != UINT64_MAX) EXPECT_LE(time - nanoseconds<uint64_t>(ticks, khz), 1'000'000 / khz + 1);
    }
  }
  EXPECT_EQ(ticks_at(UINT64_MAX, frequency_max_khz), UINT64_MAX);
}

}  // namespace
}  // namespace cupel::mock_snp
