#include "fuzz/host/sandbox.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "fuzz/host/futex.hh"
#include "fuzz/host/namespaces_for_tests.hh"

namespace cupel::host {
namespace {

// What the child saw, in memory shared with the test.
struct Seen {
  std::atomic<uint32_t> done{0};
  pid_t outside;
  std::array<int, 24> errors{};  // errno of each attempt, 0 for success, -1 for not made
  std::array<long, 8> values{};
};

class Witness : public Inhabitant {
 public:
  Witness(void (*body)(Seen&), Seen& seen) : body_(body), seen_(seen) {}
  [[clang::no_sanitize("vptr")]] void run() override { body_(seen_); }

 private:
  void (*body_)(Seen&);
  Seen& seen_;
};

class Sleeper : public Inhabitant {
 public:
  [[clang::no_sanitize("vptr")]] void run() override {
    std::atomic<uint32_t> word{0};
    for (;;) futex_wait(word, 0, std::chrono::hours(1));
  }
};

using Calls = std::vector<uint16_t>;

// Runs `body` in a sandbox which lets `calls` through.
class SandboxTest : public testing::Test {
 protected:
  SandboxTest() {
    void* memory = mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    seen = new (memory) Seen;
    seen->outside = getpid();
    seen->errors.fill(-1);
  }
  void SetUp() override { SKIP_WITHOUT_NAMESPACES(); }
  ~SandboxTest() override { munmap(seen, sizeof(Seen)); }

  void run(const Calls& calls, void (*body)(Seen&), Confinement confinement = {}) {
    confinement.calls = calls;
    Witness witness(body, *seen);
    auto sandbox = Sandbox::start(confinement, witness);
    ASSERT_TRUE(sandbox) << sandbox.error();
    for (int tries = 0; seen->done == 0 && tries < 200; ++tries) futex_wait(seen->done, 0, std::chrono::milliseconds(50));
    ASSERT_EQ(seen->done, 1u);
  }

  Seen* seen;
};

void finish(Seen& seen) {
  seen.done = 1;
  futex_wake(seen.done);
}

template <class... A>
int error_of(long number, A... arguments) {
  return syscall(number, arguments...) < 0 ? errno : 0;
}

constexpr std::array harmful_calls{
    SYS_clock_settime, SYS_settimeofday, SYS_mount,  SYS_umount2, SYS_init_module, SYS_reboot, SYS_ptrace,      SYS_kill, SYS_process_vm_readv,
    SYS_swapon,        SYS_sethostname,  SYS_mknodat, SYS_chroot,  SYS_setns,       SYS_bpf,    SYS_perf_event_open, SYS_unshare, SYS_prlimit64,
};

// Each call as an attacker would make it, in the order of `harmful_calls`.
void attack(Seen& seen) {
  size_t next = 0;
  const auto record = [&](int error) { seen.errors[next++] = error; };
  const timespec time{1, 0};
  const timeval day{1, 0};
  char byte = 0;
  iovec local{&byte, 1}, remote{&seen, 1};
  const rlimit limits{1 << 20, 1 << 20};
  record(error_of(SYS_clock_settime, CLOCK_REALTIME, &time));
  record(error_of(SYS_settimeofday, &day, nullptr));
  record(error_of(SYS_mount, "none", "/", "tmpfs", 0, nullptr));
  record(error_of(SYS_umount2, "/", MNT_DETACH));
  record(error_of(SYS_init_module, "", 0, ""));
  record(error_of(SYS_reboot, 0xfee1dead, 672274793, 0));
  record(error_of(SYS_ptrace, PTRACE_ATTACH, seen.outside, nullptr, nullptr));
  record(error_of(SYS_kill, seen.outside, SIGTERM));
  record(error_of(SYS_process_vm_readv, seen.outside, &local, 1, &remote, 1, 0));
  record(error_of(SYS_swapon, "/swap", 0));
  record(error_of(SYS_sethostname, "x", 1));
  record(error_of(SYS_mknodat, AT_FDCWD, "disk", S_IFBLK | 0600, 0x800));
  record(error_of(SYS_chroot, "/"));
  record(error_of(SYS_setns, 0, 0));
  record(error_of(SYS_bpf, 0, nullptr, 0));
  record(error_of(SYS_perf_event_open, nullptr, -1, 0, -1, 0));
  record(error_of(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */));
  record(error_of(SYS_prlimit64, 0, RLIMIT_NOFILE, &limits, nullptr));
  finish(seen);
}

TEST_F(SandboxTest, TheFilterRefusesEveryCallThatIsNotListed) {
  run({}, attack);
  for (size_t index = 0; index < harmful_calls.size(); ++index) EXPECT_EQ(seen->errors[index], EPERM) << "call " << harmful_calls[index];
}

TEST_F(SandboxTest, WithoutTheFilterTheKernelStillRefusesWhatWouldChangeItsHost) {
  Calls calls(harmful_calls.begin(), harmful_calls.end());
  std::erase(calls, SYS_unshare);  // of a user namespace: harmless in itself, and the filter's business
  run(calls, attack);
  for (size_t index = 0; index < harmful_calls.size(); ++index) EXPECT_GT(seen->errors[index], 0) << "call " << harmful_calls[index];
}

TEST_F(SandboxTest, ItsWorldIsAnEmptyDirectory) {
  run({SYS_openat, SYS_open, SYS_getdents64, SYS_getppid, SYS_getpid, SYS_getuid, SYS_getgid, SYS_fcntl, SYS_getpgid}, [](Seen& saw) {
    saw.errors[0] = error_of(SYS_fcntl, 0, F_GETFD);  // no descriptor is left
    saw.errors[1] = error_of(SYS_open, "/etc/passwd", O_RDONLY);
    saw.errors[2] = error_of(SYS_open, "/proc/self/exe", O_RDONLY);
    saw.errors[3] = error_of(SYS_open, "/../../../../etc", O_RDONLY);
    const auto root = syscall(SYS_open, "/", O_RDONLY | O_DIRECTORY);
    char entries[1024];
    saw.values[0] = syscall(SYS_getdents64, root, entries, sizeof(entries));
    saw.values[1] = syscall(SYS_getpid);
    saw.values[2] = syscall(SYS_getppid);
    saw.values[3] = syscall(SYS_getuid) | syscall(SYS_getgid);
    saw.values[4] = syscall(SYS_getpgid, 0);
    finish(saw);
  });
  EXPECT_EQ(seen->errors[0], EBADF);
  for (size_t index = 1; index < 4; ++index) EXPECT_EQ(seen->errors[index], ENOENT);
  EXPECT_EQ(seen->values[0], 48);  // "." and ".." of 24 bytes each
  EXPECT_EQ(seen->values[1], 1);
  EXPECT_EQ(seen->values[2], 0);
  EXPECT_EQ(seen->values[3], 0);
  EXPECT_EQ(seen->values[4], 1);  // not the group of its parent, which kill(0, ...) would reach
}

TEST_F(SandboxTest, ItKeepsOnlyTheCapabilitiesOfAFilesOwner) {
  run({SYS_capget, SYS_open, SYS_fchown, SYS_fchmod, SYS_prctl}, [](Seen& saw) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2]{};
    syscall(SYS_capget, &header, sets);
    saw.values[0] = static_cast<long>(sets[0].effective | sets[0].permitted | sets[0].inheritable);
    saw.values[1] = static_cast<long>(sets[1].effective | sets[1].permitted | sets[1].inheritable);
    const auto file = syscall(SYS_open, "/file", O_CREAT | O_RDWR, 0);
    saw.errors[0] = error_of(SYS_open, "/file", O_RDWR);  // mode 0: CAP_DAC_OVERRIDE
    saw.errors[1] = error_of(SYS_fchown, file, 0, 0);
    finish(saw);
  });
  EXPECT_EQ(seen->values[0], 1 << CAP_CHOWN | 1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH | 1 << CAP_FOWNER | 1 << CAP_FSETID);
  EXPECT_EQ(seen->values[1], 0);
  EXPECT_EQ(seen->errors[0], 0);
  EXPECT_EQ(seen->errors[1], 0);
}

TEST_F(SandboxTest, ItHasAsManyDescriptorsAsItWasGiven) {
  run({SYS_dup, SYS_open}, [](Seen& saw) {
    const auto root = syscall(SYS_open, "/", O_RDONLY);
    long last = root;
    for (long made = root; made >= 0; made = syscall(SYS_dup, root)) last = made;
    saw.errors[0] = errno;
    saw.values[0] = last;
    finish(saw);
  }, {.descriptors_max = 7});
  EXPECT_EQ(seen->errors[0], EMFILE);
  EXPECT_EQ(seen->values[0], 6);
}

TEST(Sandbox, SaysSoWhenNamespacesCannotBeMade) {
  // In a child, whose limit on user namespaces is then its own.
  const pid_t child = fork();
  if (child == 0) {
    // A process which may not even fork.
    const rlimit none{0, 0};
    setrlimit(RLIMIT_NPROC, &none);
    if (setresuid(12345, 12345, 12345) != 0) _exit(geteuid() == 0 ? 3 : 4);
    Sleeper sleeper;
    auto sandbox = Sandbox::start({}, sleeper);
    _exit(!sandbox && sandbox.error().starts_with("user namespaces are not available: ") ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 4) GTEST_SKIP() << "only root can try this";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(Sandbox, EndsWithItsOwner) {
  SKIP_WITHOUT_NAMESPACES();
  std::optional<pid_t> pid;
  {
    Sleeper sleeper;
    auto sandbox = Sandbox::start({}, sleeper);
    ASSERT_TRUE(sandbox) << sandbox.error();
    EXPECT_TRUE(sandbox->alive());
    pid = sandbox->pid();
  }
  EXPECT_EQ(::kill(*pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

}  // namespace
}  // namespace cupel::host
