// The filter, asked of the host's kernel itself: a child installs it, makes one call, and lives or is killed.
#include "platforms/linux/policy.hh"

#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "platforms/linux/host_call.hh"
#include "platforms/linux/layout.hh"

namespace cupel::on_linux {
namespace {

constexpr int arena_descriptor = 77;

// Whether a process under the filter survives that call.
bool survives(long number, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0, uint64_t d = 0, uint64_t e = 0, uint64_t f = 0) {
  const pid_t child = fork();
  if (child == 0) {
    if (!install_filter(arena_descriptor)) _exit(9);
    host_call(number, a, b, c, d, e, f);
    host_call(__NR_exit_group, 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) EXPECT_EQ(WEXITSTATUS(status), 0);
  else EXPECT_EQ(WTERMSIG(status), SIGSYS);
  return WIFEXITED(status);
}

TEST(HostPolicy, NothingThatTakesAPathIsListedAndTheListIsShort) {
  EXPECT_LE(host_calls().size(), 25u);
  std::set<uint32_t> numbers;
  for (const HostCall& call : host_calls()) EXPECT_TRUE(numbers.insert(call.number).second) << call.name;
  for (const long with_path : {__NR_open, __NR_openat, __NR_openat2, __NR_execve, __NR_unlinkat, __NR_newfstatat}) EXPECT_FALSE(numbers.contains(static_cast<uint32_t>(with_path)));
}

// From Linux 6.14 on, uretprobe (335) and uprobe (336) pass every filter of that kernel: outside its own trampolines the one is
// SIGILL and the other an error.
bool is_beyond_filters(uint32_t number) { return number == 335 || number == 336; }

TEST(HostPolicy, EveryNumberThatIsNotListedKills) {
  std::set<uint32_t> listed;
  for (const HostCall& call : host_calls()) listed.insert(call.number);
  for (uint32_t number = 0; number < 470; ++number) {
    if (!listed.contains(number) && !is_beyond_filters(number)) EXPECT_FALSE(survives(number)) << number;
  }
}

TEST(HostPolicy, WhatTheMachineNeedsIsLetThrough) {
  EXPECT_TRUE(survives(__NR_getpid));
  EXPECT_TRUE(survives(__NR_write, 2, 0, 0));
  EXPECT_TRUE(survives(__NR_munmap, 0, guest_end));
  EXPECT_TRUE(survives(__NR_mmap, 0x10000, 0x1000, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, arena_descriptor, 0));
  EXPECT_TRUE(survives(__NR_futex, 0, FUTEX_WAKE, 1));
  EXPECT_TRUE(survives(__NR_kill, INT32_MAX, kick_signal));
}

TEST(HostPolicy, ListedCallsWithOtherArgumentsKill) {
  EXPECT_FALSE(survives(__NR_write, 3, 0, 0));
  EXPECT_FALSE(survives(__NR_munmap, shared_base, 0x1000));
  EXPECT_FALSE(survives(__NR_munmap, guest_end - 0x1000, 0x101'0000'0000));
  EXPECT_FALSE(survives(__NR_mmap, 0x10000, 0x1000, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, arena_descriptor, 0));
  EXPECT_FALSE(survives(__NR_mmap, 0x10000, 0x1000, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, 0, 0));
  EXPECT_FALSE(survives(__NR_mmap, shared_base, 0x1000, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, arena_descriptor, 0));
  EXPECT_FALSE(survives(__NR_futex, 0, FUTEX_LOCK_PI, 1));
  EXPECT_FALSE(survives(__NR_clone, CLONE_NEWUSER | SIGCHLD));
  EXPECT_FALSE(survives(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF));
  EXPECT_FALSE(survives(__NR_kill, INT32_MAX, SIGKILL));
  EXPECT_FALSE(survives(__NR_tgkill, 1, kick_signal, SIGKILL));
}

}  // namespace
}  // namespace cupel::on_linux
