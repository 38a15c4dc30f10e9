#include "fuzz/linux/linux_target.hh"

#include <gtest/gtest.h>

#include <algorithm>

#include "fuzz/linux/digest.hh"
#include "fuzz/linux/meetings.hh"
#include "fuzz/program/text.hh"
#include "shims/linux/shim.hh"

namespace cupel::fuzz {
namespace {

// The digest before and after each step of a program.
class Watcher final : public Observer {
 public:
  explicit Watcher(Executor& executor) : executor_(executor) {}
  void before_step(size_t, const interface::Invocation&) override { before_ = visible_digest(executor_.world().machine()); }
  void on_step(const StepReport& report) override {
    changed.push_back(before_ != visible_digest(executor_.world().machine()));
    values.push_back(report.outcome.value);
    refused.push_back(report.mishaps.refusal);
  }
  std::vector<bool> changed, refused;
  std::vector<int64_t> values;

 private:
  Executor& executor_;
  uint64_t before_ = 0;
};

class LinuxTargetTest : public testing::Test {
 protected:
  const Watcher& watch(std::string_view text) {
    const auto parsed = parse(grammar, text);
    EXPECT_TRUE(parsed.has_value());
    watcher.emplace(executor);
    executor.run(parsed->program, {}, &*watcher);
    return *watcher;
  }
  Grammar grammar{linux_shim::description()};
  Executor executor;
  std::optional<Watcher> watcher;
};

TEST_F(LinuxTargetTest, TheDigestSeesEachChangeThatATaskCouldFindOut) {
  const Watcher& seen = watch(R"(
    dup(1)
    fcntl(3, F_SETFD, 1)
    lseek(0, 7, SEEK_SET)
    mkdir("d", 0755)
    chmod("d", 0700)
    symlink("d", "l")
    rename("l", "m")
    r7 = pipe2(out, 0)
    write(r7.2, "x", 1)
    r9 = eventfd2(0, 0)
    write(r9, {01 00 00 00 00 00 00 00}, 8)
    r11 = mmap(0, 0x3000, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
    mprotect(r11, 0x1000, 0)
    munmap(r11, 0x1000)
    chdir("d")
    umask(077)
    ftruncate(1, 9)
    fork()
  )");
  ASSERT_EQ(seen.values.size(), 18u);
  for (size_t step = 0; step < seen.values.size(); ++step) {
    EXPECT_GE(seen.values[step], 0) << step;
    EXPECT_TRUE(seen.changed[step]) << step;
  }
}

TEST_F(LinuxTargetTest, TheDigestIsTheSameAfterCallsThatOnlyLook) {
  const Watcher& seen = watch("getpid()\nfstat(0, out)\nfcntl(0, F_GETFD, 0)\nclose(77)\npipe2(null, 0)\nmkdir(\"/\", 0)\nclock_gettime(CLOCK_REALTIME, out)");
  EXPECT_EQ(seen.changed, std::vector<bool>(7, false));
}

TEST_F(LinuxTargetTest, WhereTheHostDeniesEverythingEachCallIsRefusedAndNothingChanges) {
  const Watcher& seen = watch("@policy deny_all\ndup(1)\nmkdir(\"d\", 0755)\npipe2(out, 0)\ngetpid()");
  EXPECT_EQ(seen.values, std::vector<int64_t>(4, -EPERM));
  EXPECT_EQ(seen.refused, std::vector<bool>(4, true));
  EXPECT_EQ(seen.changed, std::vector<bool>(4, false));
}

TEST_F(LinuxTargetTest, AMixedPolicyGrantsSomeCallsAndJudgesThemAsEver) {
  size_t granted = 0, refused = 0;
  for (int seed = 0; seed < 20; ++seed) {
    const Watcher& seen = watch("@policy mixed seed=" + std::to_string(seed) + "\ndup(1)\nmkdir(\"d\", 0755)\npipe2(out, 0)\nlseek(0, 3, SEEK_SET)");
    for (size_t step = 0; step < seen.values.size(); ++step) {
      EXPECT_EQ(seen.refused[step], seen.values[step] == -EPERM);
      EXPECT_EQ(seen.changed[step], !seen.refused[step]);
      ++(seen.refused[step] ? refused : granted);
    }
  }
  EXPECT_GT(granted, 10u);
  EXPECT_GT(refused, 10u);
}

TEST_F(LinuxTargetTest, UnderEveryPolicyGeneratedProgramsPassAllOracles) {
  for (const auto kind : {LinuxTarget::Kind::program, LinuxTarget::Kind::concurrent}) {
    LinuxTarget target("it", kind);
    size_t refusals = 0;
    for (uint32_t seed = 0; seed < 60; ++seed) {
      const std::string text = target.print(target.generate(seed));
      for (const char* policy : {"@policy deny_all\n", "@policy mixed\n"}) {
        const auto input = target.parse(policy + text);
        ASSERT_TRUE(input.has_value()) << input.error();
        const auto run = target.run(input->bytes);
        EXPECT_FALSE(run.finding.has_value()) << run.finding->oracle << " at " << run.finding->call << "\n" << policy << text;
        refusals += target.trace(input->bytes).contains("EPERM") ? 1 : 0;
      }
    }
    EXPECT_GT(refusals, 50u);
  }
}

TEST_F(LinuxTargetTest, TheTraceOfAPctRunSaysWhatItsScheduleMayMiss) {
  LinuxTarget target("linux_concurrent", LinuxTarget::Kind::concurrent);
  const auto input = target.parse("fork()\ngetpid() ; task 1\ngetpid()");
  ASSERT_TRUE(input.has_value());
  EXPECT_TRUE(target.trace(input->bytes).contains("PCT: 2 tasks")) << target.trace(input->bytes);
}

TEST_F(LinuxTargetTest, EveryMeetingIsAProgramInWhichSomebodySleepsUnderSomeSchedule) {
  LinuxTarget target("linux_concurrent", LinuxTarget::Kind::concurrent);
  for (const std::string_view text : meetings()) {
    bool sleeps = false;
    for (int seed = 0; seed < 20; ++seed) {
      const auto input = target.parse("@schedule random seed=" + std::to_string(seed) + "\n" + std::string(text));
      ASSERT_TRUE(input.has_value()) << input.error() << " in\n" << text;
      EXPECT_FALSE(target.run(input->bytes).finding.has_value()) << text;
      sleeps = sleeps || target.trace(input->bytes).contains("sleeps");
    }
    EXPECT_TRUE(sleeps || text.contains("rename")) << text;
  }
}

// Nobody is woken by any of this on Linux; a look for another reason shows it.
TEST_F(LinuxTargetTest, WhoSleepsOnAFileThatOthersMakeUnreachableIsNotLost) {
  LinuxTarget target("linux_concurrent", LinuxTarget::Kind::concurrent);
  const std::string thread = "\nclone(CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD, 0, 0, 0, 0)\n";
  for (const std::string& text : {
           "r0 = eventfd(0)" + thread + "poll([{r0, POLLIN, 0}], 1, -1) ; task 1\nsched_yield()\nclose(r0)",
           "r0 = eventfd(0)" + thread + "poll([{r0, POLLIN, 0}], 1, -1) ; task 1\nsched_yield()\ndup2(1, r0)",
           "r0 = eventfd(0)" + thread + "poll([{r0, POLLIN, 0}], 1, -1) ; task 1\ngetpid() ; task 1\nsched_yield()\nclose(r0)",
           "r0 = pipe2(out, 0)" + thread + "read(r0.1, [4], 4) ; task 1\ngetpid() ; task 1\nsched_yield()\nfcntl(r0.1, F_SETFL, 0x800)",
       }) {
    bool sleeps = false;
    for (int seed = 0; seed < 8; ++seed) {
      const auto input = target.parse("@schedule random seed=" + std::to_string(seed) + "\n" + text);
      ASSERT_TRUE(input.has_value()) << input.error() << " in\n" << text;
      const auto run = target.run(input->bytes);
      EXPECT_FALSE(run.finding.has_value()) << run.finding->oracle << "\n" << target.trace(input->bytes);
      sleeps = sleeps || target.trace(input->bytes).contains("sleeps");
    }
    EXPECT_TRUE(sleeps) << text;
  }
}

TEST_F(LinuxTargetTest, WhatOthersStoreIntoSharedMemoryWhileACallSleepsIsNotTheCalls) {
  LinuxTarget target("linux_program", LinuxTarget::Kind::program);
  const auto input = target.parse(R"(@schedule random seed=3582294273
    r0 = pipe(out)
    r1 = mmap(0x3b9ac9ff, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, r0.1, 0)
    clone(0, r1, r1, r1, r1)
    pipe(r1) ; task 1
    getrusage(RUSAGE_THREAD, out) ; task 1
    poll(r1, 2, 8)
    getgid())");
  ASSERT_TRUE(input.has_value()) << input.error();
  const auto run = target.run(input->bytes);
  EXPECT_FALSE(run.finding.has_value()) << target.trace(input->bytes);
}

// Of the two pages that the slot lies in, the read brings one back, and the other stays away.
TEST_F(LinuxTargetTest, WhatAReadGivesIsSeenThoughAForkTookPagesOfItsSlotAway) {
  LinuxTarget target("linux_concurrent", LinuxTarget::Kind::concurrent);
  const auto input = target.parse(R"(@schedule pct seed=3621723110 depth=1
    r0 = pipe2(out, 0)
    r1 = clone(CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD, 0, 0, 0, 0)
    eventfd2(16, EFD_SEMAPHORE|EFD_NONBLOCK|EFD_CLOEXEC)
    clone(0, 0, 0x10802000, 0x10801000, r1)
    read(r0.1, [4095], 4095) ; task 1
    close(r0.1) ; task 1
    dup2(1, r0.1)
    write(r0.2, "abcd", 4))");
  ASSERT_TRUE(input.has_value()) << input.error();
  EXPECT_TRUE(target.trace(input->bytes).contains("read(3, \"abcd\", 4095) = 4")) << target.trace(input->bytes);
  EXPECT_FALSE(target.run(input->bytes).finding.has_value());
}

TEST_F(LinuxTargetTest, OnlyTheConcurrentTargetHasTheOracleOfOrders) {
  LinuxTarget program("linux_program", LinuxTarget::Kind::program), concurrent("linux_concurrent", LinuxTarget::Kind::concurrent);
  EXPECT_FALSE(program.disable_oracle("linearisable"));
  EXPECT_TRUE(concurrent.disable_oracle("linearisable"));
  EXPECT_EQ(concurrent.oracles().size(), program.oracles().size() + 1);
}

}  // namespace
}  // namespace cupel::fuzz
