#include "fuzz/host/three_way.hh"

#include <gtest/gtest.h>

#include "fuzz/host/namespaces_for_tests.hh"
#include "fuzz/host/soak.hh"
#include "fuzz/program/text.hh"

namespace cupel::host {
namespace {

class ThreeWayTest : public testing::Test {
 protected:
  ThreeWayTest() {
    if (!namespaces_can_be_made()) return;  // SetUp skips
    auto started = ThreeWay::start([this](const fuzz::Program&, const Judgement& judgement) { judgements.push_back(judgement); });
    EXPECT_TRUE(started) << started.error();
    if (started) three_way = std::move(*started);
  }
  void SetUp() override {
    SKIP_WITHOUT_NAMESPACES();
    ASSERT_NE(three_way, nullptr);
  }

  fuzz::Program program(std::string_view text) {
    auto parsed = fuzz::parse(three_way->grammar(), text);
    EXPECT_TRUE(parsed) << parsed.error().text();
    EXPECT_TRUE(parsed->warnings.empty());
    return parsed ? parsed->program : fuzz::Program{};
  }
  const Judgement& judge(std::string_view text) {
    EXPECT_TRUE(three_way->add(program(text)));
    EXPECT_TRUE(three_way->finish());
    return judgements.back();
  }

  std::unique_ptr<ThreeWay> three_way;
  std::vector<Judgement> judgements;
};

TEST_F(ThreeWayTest, AProgramOfFilesPipesAndMemoryIsComparedToItsEnd) {
  const auto& judgement = judge(
      "r0 = openat(AT_FDCWD, \"a\", O_RDWR|O_CREAT, 0644)\n"
      "write(r0, \"hello\", 5)\n"
      "r2 = pipe2(out, 0)\n"
      "write(r2.2, \"xy\", 2)\n"
      "read(r2.1, [4], 4)\n"
      "r5 = mmap(0, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
      "mprotect(r5+0, 4096, PROT_READ)\n"
      "fstat(r0, out)\n"
      "brk(0x12001000)\n"
      "nanosleep({3, 5}, null)\n");
  EXPECT_FALSE(judgement.finding) << judgement.finding->call << ": " << judgement.finding->expected << " / " << judgement.finding->got;
  EXPECT_EQ(three_way->tally().compared, 10u);
  EXPECT_EQ(three_way->tally().not_reached, 0u);
}

TEST_F(ThreeWayTest, WhatStatxTellsOfEachKindOfFileIsCompared) {
  const auto& judgement = judge(
      "umask(077)\n"
      "mknod(\"a\", S_IFREG|0666, 0)\n"
      "fchmodat2(AT_FDCWD, \"a\", 0640, AT_SYMLINK_NOFOLLOW)\n"
      "statx(AT_FDCWD, \"a\", 0, 0x7ff, out)\n"
      "statx(AT_FDCWD, \".\", 0, 0x7ff, out)\n"
      "r5 = eventfd2(0, 0)\n"
      "statx(r5, \"\", AT_EMPTY_PATH, 0x7ff, out)\n"
      "fstat(r5, out)\n"
      "fstat(1, out)\n"
      "mknod(\"b\", S_IFBLK|0666, 0)\n");
  EXPECT_FALSE(judgement.finding) << judgement.finding->call << ": " << judgement.finding->expected << " / " << judgement.finding->got;
  EXPECT_EQ(three_way->tally().compared, 10u);
}

TEST_F(ThreeWayTest, WhatATaskHasUsedAndWhoItIsIsCompared) {
  const auto& judgement = judge(
      "getrusage(RUSAGE_THREAD, out)\n"
      "times(out)\n"
      "times(null)\n"
      "getresuid(out, out, out)\n"
      "getresgid(out, out, out)\n"
      "sched_get_priority_max(SCHED_FIFO)\n"
      "sched_get_priority_min(SCHED_RR)\n"
      "sched_get_priority_max(4)\n");
  EXPECT_FALSE(judgement.finding) << judgement.finding->call << ": " << judgement.finding->expected << " / " << judgement.finding->got;
  EXPECT_EQ(three_way->tally().compared, 8u);
}

TEST_F(ThreeWayTest, WhatCannotBeComparedIsCountedByReason) {
  EXPECT_FALSE(judge("r0 = pipe2(out, 0)\nread(r0.1, [4], 4)\ndup(0)\n").finding);
  EXPECT_FALSE(judge("fork()\ndup(0)\n").finding);
  EXPECT_FALSE(judge("chown(\"console\", 70000, 70000)\ndup(0)\n").finding);
  EXPECT_FALSE(judge("gettimeofday(null, 0x7fffffff)\ndup(0)\n").finding);  // where the child has something of its own in some builds
  const auto& reasons = three_way->tally().not_comparable;
  ASSERT_EQ(reasons.size(), 4u);
  for (const auto& [reason, count] : reasons) EXPECT_EQ(count, 1u) << reason;
  EXPECT_EQ(three_way->tally().compared, 2u);
}

TEST_F(ThreeWayTest, AKnownDifferenceIsNoFinding) {
  EXPECT_FALSE(judge("fcntl(0, 9, 0)\n").finding);  // F_GETOWN
  uint64_t known = 0;
  for (const uint64_t count : three_way->tally().known) known += count;
  EXPECT_EQ(known, 1u);
}

TEST_F(ThreeWayTest, ManyProgramsAreJudgedInTheOrderTheyCameIn) {
  three_way->set_batch_programs_max(3);
  for (int index = 0; index < 10; ++index) {
    std::string text;
    for (int copies = 0; copies < index; ++copies) text += "dup(0)\n";
    ASSERT_TRUE(three_way->add(program(text)));
  }
  ASSERT_TRUE(three_way->finish());
  ASSERT_EQ(judgements.size(), 10u);
  EXPECT_EQ(three_way->tally().compared, 45u);
  for (const auto& judgement : judgements) EXPECT_FALSE(judgement.finding);
}

TEST_F(ThreeWayTest, TheStatusThatATaskEndsWithIsCompared) {
  EXPECT_EQ(three_way->trace(program("dup(0)\nexit_group(0x1234)\n")), "0: dup(0) = 3\n1: exit_group(4660) = ? (ends)\n");
  EXPECT_FALSE(judge("exit(-1)\n").finding);
  EXPECT_EQ(three_way->tally().compared, 3u);
}

TEST_F(ThreeWayTest, LimitsThatBiteAreComparedAndTakenBack) {
  const auto& judgement = judge(
      "setrlimit(RLIMIT_FSIZE, {5, 0x7fffffffffffffff})\n"
      "write(1, \"12345678\", 8)\n"
      "write(1, \"1\", 1)\n"
      "prlimit64(0, RLIMIT_NOFILE, {3, 16}, out)\n"
      "dup(0)\n"
      "setrlimit(RLIMIT_NPROC, {1, 8})\n"
      "fork()\n"
      "getrlimit(RLIMIT_AS, out)\n"
      "prlimit64(1, RLIMIT_NOFILE, null, out)\n");
  EXPECT_FALSE(judgement.finding) << judgement.finding->call << ": " << judgement.finding->expected << " / " << judgement.finding->got;
  EXPECT_EQ(three_way->tally().compared, 9u);
  EXPECT_FALSE(judge("dup(0)\npwrite64(1, \"1\", 1, 100)\ngetrlimit(RLIMIT_NPROC, out)\n").finding);
}

TEST_F(ThreeWayTest, ProcessGroupsAndSessionsAreCompared) {
  EXPECT_FALSE(judge("setpgid(0, 0)\nsetpgid(1, 5)\nsetpgid(5, -1)\nsetpgid(5, 5)\ngetpgid(0)\ngetpgid(1)\ngetpgid(7)\ngetpgrp()\nsetsid()\ngetsid(0)\ngetsid(-1)\n").finding);
  EXPECT_EQ(three_way->tally().compared, 11u);
}

TEST_F(ThreeWayTest, HowATaskIsScheduledIsCompared) {
  const auto& judgement = judge(
      "getpriority(PRIO_PROCESS, 0)\ngetpriority(PRIO_PGRP, 7)\ngetpriority(9, 0)\nsched_getscheduler(1)\nsched_getscheduler(-1)\nsched_getparam(0, out)\n"
      "sched_getparam(0, null)\nsched_rr_get_interval(64, out)\nsched_getaffinity(0, 8, out)\nsched_getaffinity(0, 4, out)\ngetcpu(out, null, 0)\nsysinfo(out)\n"
      "setpriority(9, 0, 0)\nsetpriority(PRIO_PGRP, 7, 1)\nsched_setparam(0, {1})\nsched_setscheduler(0, SCHED_FIFO, {0})\nsched_setscheduler(9, SCHED_OTHER, {0})\nsched_setaffinity(9, 8, {1})\n"
      "setpriority(PRIO_PROCESS, 0, 1)\n");
  EXPECT_FALSE(judgement.finding) << judgement.finding->call << ": " << judgement.finding->expected << " / " << judgement.finding->got;
  EXPECT_EQ(three_way->tally().compared, 18u);  // all but the last, which the child could not take back
}

TEST_F(ThreeWayTest, WhoATaskIsAndWhatItsMemoryIsRegisteredForIsCompared) {
  const auto& judgement = judge(
      "setuid(0)\nsetuid(0xffffffff)\nsetresgid(0xffffffff, 0, 0xffffffff)\nsetfsuid(0)\ncapget({_LINUX_CAPABILITY_VERSION_3, 0}, out)\ncapget({0, 0}, null)\n"
      "getgroups(-1, null)\npersonality(0xffffffff)\nmembarrier(MEMBARRIER_CMD_QUERY, 0, 0)\nmembarrier(MEMBARRIER_CMD_QUERY, 1, 0)\n"
      "membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0)\nmembarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0)\nsetgid(1)\n");
  EXPECT_FALSE(judgement.finding) << judgement.finding->call << ": " << judgement.finding->expected << " / " << judgement.finding->got;
  EXPECT_EQ(three_way->tally().compared, 12u);  // all but the last, whose id the machine does not have
}

TEST_F(ThreeWayTest, TheTraceShowsWhatWasNotCompared) {
  EXPECT_EQ(three_way->trace(program("dup(0)\ngetpid()\nfork()\n")), "0: dup(0) = 3\n1: getpid() = 1\n2: fork() = 2    ; not compared: makes a task\n");
}

// Seeded, so the same ones each time; the long run is host_soak's.
TEST(Soak, FiveThousandGeneratedProgramsAgree) {
  SKIP_WITHOUT_NAMESPACES();
  std::string findings;
  const auto tally = soak({.programs = 5000, .seed = 1, .judge_kernel_every = 8}, [&](const SoakFinding& found) {
    findings += found.program + found.finding.call + "\n  " + found.finding.expected + "\n  " + found.finding.got + "\n";
  });
  ASSERT_TRUE(tally) << tally.error();
  EXPECT_EQ(tally->findings, 0u) << findings;
  EXPECT_EQ(tally->programs, 5000u);
  EXPECT_GT(tally->compared, tally->calls / 2);
  EXPECT_GT(tally->kernel_by_model, 500u);
}

}  // namespace
}  // namespace cupel::host
