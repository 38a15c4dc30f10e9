// The guest side against an honest hypervisor, and against single lies.
#include <gtest/gtest.h>

#include "platforms/mock/snp/hardware.hh"

namespace cupel::mock_snp {
namespace {

class GuestTest : public ::testing::Test {
 protected:
  // What the guest says of the operation; false as well where it was stopped.
  template <class F>
  bool run(F operation) {
    try {
      const bool done = operation(guest_);
      hardware_.end_operation();
      return done;
    } catch (const GuestStopped&) {
      return false;
    }
  }
  void script(std::vector<Act> acts) {
    script_ = std::move(acts);
    hypervisor_.begin(script_);
    hardware_.begin();
  }

  std::vector<Act> script_;
  System system_;
  Shared shared_;
  Hypervisor hypervisor_{system_, shared_};
  Hardware hardware_{system_, hypervisor_, shared_};
  std::vector<snp::PageState> states_ = std::vector<snp::PageState>(guest_frames, snp::PageState::private_invalid);
  snp::Guest<Hardware> guest_{hardware_, snp::Shadow(0, states_)};
};

TEST_F(GuestTest, AnHonestHypervisorMakesEveryLegalSequenceSucceed) {
  script({});
  EXPECT_TRUE(run([](auto& guest) { return guest.negotiate(); }));
  EXPECT_TRUE(run([](auto& guest) { return guest.accept_early(3); }));
  EXPECT_TRUE(run([](auto& guest) { return guest.accept(10, 300); }));
  EXPECT_TRUE(run([](auto& guest) { return guest.accept(512, 512); }));
  EXPECT_TRUE(run([](auto& guest) { return guest.share(600, 3); }));
  EXPECT_TRUE(run([](auto& guest) { return guest.accept(600, 3); }));
  EXPECT_TRUE(run([](auto& guest) { return guest.share(10, 300); }));
  EXPECT_FALSE(hardware_.violation().has_value());
  EXPECT_FALSE(guest_.terminated());
}

TEST_F(GuestTest, AcceptingAPageTwiceEndsTheGuest) {
  script({});
  EXPECT_TRUE(run([](auto& guest) { return guest.accept(5, 1); }));
  EXPECT_FALSE(run([](auto& guest) { return guest.accept(5, 1); }));
  EXPECT_TRUE(guest_.terminated());
  EXPECT_FALSE(hardware_.violation().has_value());
}

TEST_F(GuestTest, AHypervisorThatMakesNoProgressIsGivenUpOn) {
  std::vector<Act> acts;
  for (uint16_t exit = 0; exit < 100; ++exit) acts.push_back({When::before_exit, exit, ActKind::partial, 0, 0});
  script(acts);
  EXPECT_FALSE(run([](auto& guest) { return guest.accept(5, 3); }));
  EXPECT_TRUE(guest_.terminated());
  EXPECT_FALSE(hardware_.violation().has_value());
}

TEST_F(GuestTest, ProgressByOneEntryAnExitIsStillProgress) {
  std::vector<Act> acts;
  for (uint16_t exit = 0; exit < 100; ++exit) acts.push_back({When::before_exit, exit, ActKind::partial, 1, 0});
  script(acts);
  EXPECT_TRUE(run([](auto& guest) { return guest.accept(5, 60); }));
}

TEST_F(GuestTest, EachLieInTheHeaderEndsTheGuest) {
  for (const Act& lie : {Act{When::after_exit, 0, ActKind::current, 9, 0}, Act{When::after_exit, 0, ActKind::end, 0, 0}, Act{When::after_exit, 0, ActKind::header_reserved, 1, 0},
                         Act{When::after_exit, 0, ActKind::info_1, 1, 0}, Act{When::after_exit, 0, ActKind::info_2, 1, 0}}) {
    system_.reset();
    std::ranges::fill(states_, snp::PageState::private_invalid);
    snp::Guest<Hardware> guest(hardware_, snp::Shadow(0, states_));
    script({lie});
    EXPECT_FALSE(run([&](auto&) { return guest.accept(5, 3); })) << static_cast<int>(lie.kind);
    EXPECT_TRUE(guest.terminated());
    EXPECT_FALSE(hardware_.violation().has_value());
  }
}

TEST_F(GuestTest, EndedIsEndedHoweverOftenItIsResumed) {
  script({{When::after_exit, 0, ActKind::flip, 12, 0}, {When::after_exit, 1, ActKind::resume, 5, 0}});
  EXPECT_FALSE(run([](auto& guest) { return guest.accept_early(3); }));
  EXPECT_EQ(hardware_.exit_count(), 7u);
  EXPECT_FALSE(hardware_.violation().has_value());
}

TEST_F(GuestTest, ARemappedPageIsNotRescindedTwice) {
  script({{When::before_pvalidate, 1, ActKind::assign, 5, 900}, {When::before_pvalidate, 1, ActKind::remap, 5, 900}});
  EXPECT_TRUE(run([](auto& guest) { return guest.accept(5, 1); }));
  EXPECT_FALSE(run([](auto& guest) { return guest.share(5, 1); }));
  EXPECT_TRUE(guest_.terminated());
  EXPECT_FALSE(hardware_.violation().has_value());
}

}  // namespace
}  // namespace cupel::mock_snp
