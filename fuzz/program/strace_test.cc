#include "fuzz/program/strace.hh"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fuzz/program/normal_form.hh"
#include "fuzz/program/random.hh"
#include "fuzz/program/text.hh"
#include "shims/linux/shim.hh"

namespace cupel::fuzz {
namespace {

using testing::Contains;
using testing::IsEmpty;

class Strace : public testing::Test {
 protected:
  std::string imported(std::string_view text, const StraceOptions& options = {}) {
    const ImportedTrace trace = import_strace(grammar, text, options);
    warnings = trace.warnings;
    return print(grammar, trace.program);
  }

  Grammar grammar{linux_shim::description()};
  std::vector<std::string> warnings;
};

TEST_F(Strace, DescriptorsBecomeReferencesWhereverTheyStand) {
  EXPECT_EQ(imported(R"(7 openat(AT_FDCWD, "\x61", O_RDWR|O_CREAT, 0644) = 3
7 write(3, "\x68\x69\x0a", 3) = 3
7 pipe2([4, 5], O_NONBLOCK) = 0
7 poll([{fd=4, events=POLLIN}, {fd=3, events=POLLOUT}], 2, 10) = 1 ([{fd=3, revents=POLLOUT}])
7 fcntl(3, F_DUPFD, 10) = 10
7 close(10) = 0
7 dup2(5, 9) = 9
7 close(9) = 0
7 close(0) = 0
)"),
            R"(r0 = openat(AT_FDCWD, "a", O_RDWR|O_CREAT, 0644)
     write(r0, "hi\n", 3)
r2 = pipe2(out, O_NONBLOCK)
     poll([{r2.1, POLLIN, 0}, {r0, POLLOUT, 0}], 2, 10)
r4 = fcntl(r0, F_DUPFD, 10)
     close(r4)
r6 = dup2(r2.2, 9)
     close(r6)
     close(0)
)");
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(Strace, RawNumbersMeanTheSameAsNames) {
  EXPECT_EQ(imported("openat(-100, \"\\x61\", 0x42, 0644) = 3\nlseek(3, -1, 0x1) = -1 EINVAL (Invalid argument)\n"),
            imported("openat(AT_FDCWD, \"a\", O_RDWR|O_CREAT, 0644) = 3\nlseek(3, -1, SEEK_CUR) = -1 EINVAL (Invalid argument)\n"));
}

TEST_F(Strace, AddressesInMappingsBecomeOffsets) {
  EXPECT_EQ(imported(R"(mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000
mprotect(0x7f0000002000, 4096, PROT_READ) = 0
munmap(0x7f0000001000, 8192) = 0
munmap(0x7f0000003000, 4096) = 0
read(0, 0x7f0000001000, 16) = -1 EAGAIN (Resource temporarily unavailable)
stat("\x61", 0x10) = -1 EFAULT (Bad address)
)"),
            R"(r0 = mmap(0, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
     mprotect(r0+0x1000, 4096, PROT_READ)
     munmap(r0, 8192)
     munmap(0x7f0000003000, 4096)
     read(0, r0, 16)
     stat("a", unmapped)
)");
}

TEST_F(Strace, TasksMakeTheirOwnCallsWithTheDescriptorsTheyInherited) {
  EXPECT_EQ(imported(R"(7 eventfd2(3, EFD_SEMAPHORE) = 3
7 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x14174690) = 8
7 wait4(8,  <unfinished ...>
8 close(3) = 0
8 exit_group(3) = ?
8 +++ exited with 3 +++
7 <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 8
7 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=8} ---
7 close(3) = 0
)"),
            R"(r0 = eventfd2(3, EFD_SEMAPHORE)
r1 = clone(SIGCHLD|CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID, 0, 0, 0x14174690, 0)
     wait4(r1, out, 0, 0)
     close(r0)  ; task 1
     exit_group(3)  ; task 1
     close(r0)
)");
}

TEST_F(Strace, TheStructOfClone3BecomesRegisters) {
  EXPECT_EQ(imported("clone3({flags=CLONE_VM|CLONE_FILES, child_tid=0x7f, exit_signal=SIGCHLD, stack=NULL, stack_size=0}, 88) = 8\n8 gettid() = 8\n"),
            "clone(SIGCHLD|CLONE_VM|CLONE_FILES, 0, 0, 0, 0)\ngettid()  ; task 1\n");
}

TEST_F(Strace, StatxIsImportedWithoutTheNameOfNoFlag) {
  EXPECT_EQ(imported("statx(AT_FDCWD, \"\\x61\", AT_STATX_SYNC_AS_STAT|AT_SYMLINK_NOFOLLOW, STATX_MODE|STATX_NLINK, 0x7ffe) = -1 ENOENT (No such file or directory)\n"),
            "statx(AT_FDCWD, \"a\", AT_SYMLINK_NOFOLLOW, STATX_MODE|STATX_NLINK, out)\n");
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(Strace, NamesInPlainNumbersAreKnown) {
  EXPECT_EQ(imported("fcntl(0, F_SETFD, FD_CLOEXEC) = 0\nfcntl(0, F_SETFL, O_RDONLY|O_NONBLOCK) = 0\naccess(\"\\x61\", F_OK) = -1 ENOENT (No such file or directory)\n"),
            "fcntl(0, F_SETFD, 1)\nfcntl(0, F_SETFL, 2048)\naccess(\"a\", 0)\n");
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(Strace, AMaskThatStandsInAnotherWordsPlaceIsPutIntoItsOwn) {
  EXPECT_EQ(imported("futex(0x10, FUTEX_WAIT_BITSET, 7, NULL, FUTEX_BITSET_MATCH_ANY) = 0\n"), "futex({0}, FUTEX_WAIT_BITSET, 7, null, null, 0xffffffff)\n");
}

TEST_F(Strace, VectorsKeepTheirBytes) {
  EXPECT_EQ(imported(R"(writev(1, [{iov_base="\x61\x62", iov_len=2}, {iov_base="\x63", iov_len=1}], 2) = 3
readv(0, [{iov_base="\x61\x62", iov_len=2}, {iov_base="", iov_len=8}], 2) = 2
)"),
            "writev(1, [{0, 2}, {2, 1}] \"abc\", 2)\nreadv(0, [{0, 2}, {2, 8}], 2)\n");
}

TEST_F(Strace, LongBuffersAreCutAndTheirCountsWithThem) {
  const std::string text = "write(1, \"" + std::string(buffer_max + 5, 'x') + "\", " + std::to_string(buffer_max + 5) + ") = 1\n";
  EXPECT_EQ(imported(text), fmt::format("write(1, {{78*{0}}}, {0})\n", buffer_max));
}

TEST_F(Strace, WhatIsLeftOutIsCounted) {
  EXPECT_EQ(imported("socket(AF_UNIX, SOCK_STREAM, 0) = 3\nsocket(AF_UNIX, SOCK_STREAM, 0) = 4\nclose(3) = 0\nfcntl(0, F_SETLK, {}) = 0\npoll([{fd=3, events=POLLIN}], 1, 0) = 0\n"),
            "poll([{-1, POLLIN, 0}], 1, 0)\n");
  EXPECT_THAT(warnings, Contains("socket was left out (2 times)"));
  EXPECT_THAT(warnings, Contains("close was left out for its descriptor, which no call here gave"));
  EXPECT_THAT(warnings, Contains("fcntl was left out for F_SETLK"));
  EXPECT_THAT(warnings, Contains("a descriptor that no call here gave became -1"));
}

TEST_F(Strace, NoMoreThanAProgramMayHoldAndWhatIsToBeSkipped) {
  std::string text;
  for (int call = 0; call < steps_max + 10; ++call) text += "umask(" + std::to_string(call) + ") = 0\n";
  const std::string all = imported(text);
  EXPECT_EQ(std::ranges::count(all, '\n'), steps_max);
  EXPECT_THAT(warnings, Contains("a call beyond the bound of a program was left out (10 times)"));
  EXPECT_TRUE(imported(text, {.skip = 265}).starts_with("umask(0411)\n"));
}

TEST_F(Strace, WhatTheProgramFoundIsMadeFirst) {
  EXPECT_EQ(imported(R"(7 newfstatat(AT_FDCWD, "\x2f\x65", {st_mode=S_IFDIR|0755, st_size=40}, 0) = 0
7 openat(AT_FDCWD, "\x2f\x65\x2f\x70", O_RDONLY) = 3
7 read(3, "\x61\x62", 4096) = 2
7 read(3, "\x63", 4096) = 1
7 close(3) = 0
7 mkdir("\x6d", 0700) = 0
7 stat("\x6d", {st_mode=S_IFDIR|0700}) = 0
7 stat("\x6e", 0x7ffe) = -1 ENOENT (No such file or directory)
)"),
            R"(     mkdir("/e", 0755)
r1 = open("/e/p", O_WRONLY|O_CREAT, 0644)
     write(r1, "abc", 3)
     close(r1)
     newfstatat(AT_FDCWD, "/e", out, 0)
r5 = openat(AT_FDCWD, "/e/p", O_RDONLY, 0)
     read(r5, [4096], 4096)
     read(r5, [4096], 4096)
     close(r5)
     mkdir("m", 0700)
     stat("m", out)
     stat("n", out)
)");
}

TEST_F(Strace, WhatIsFoundBelowAnOpenFolderAndWhereTheProgramRan) {
  EXPECT_EQ(imported(R"(7 getcwd("\x2f\x77", 4096) = 3
7 openat(AT_FDCWD, "\x64", O_RDONLY|O_DIRECTORY) = 3
7 fork() = 8
8 openat(3, "\x78", O_RDONLY) = 4
8 utimensat(4, NULL, [UTIME_OMIT, {tv_sec=5, tv_nsec=6}], 0) = 0
)"),
            R"(     mkdir("/w", 0755)
     chdir("/w")
     mkdir("/w/d", 0755)
r3 = open("/w/d/x", O_WRONLY|O_CREAT, 0644)
     close(r3)
     getcwd([4096], 4096)
r6 = openat(AT_FDCWD, "d", O_DIRECTORY, 0)
     fork()
r8 = openat(r6, "x", O_RDONLY, 0)  ; task 1
     utimensat(r8, null, {0, 0x3ffffffe, 5, 6}, 0)  ; task 1
)");
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(Strace, TheHeapsEndIsToldFromItsBeginning) {
  EXPECT_EQ(imported("brk(NULL) = 0x5000\nbrk(0x26000) = 0x26000\nmmap(0x5000, 16, PROT_READ, MAP_PRIVATE, -1, 0) = 0x7f0000000000\n"),
            "r0 = brk(0)\n     brk(r0+0x21000)\n     mmap(r0, 16, PROT_READ, MAP_PRIVATE, -1, 0)\n");
}

TEST_F(Strace, LoadingIsLeftOutUnlessItIsWanted) {
  constexpr std::string_view text = R"(execve("./a", ["./a"], []) = 0
brk(NULL) = 0x5000
openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY) = 3
munmap(0x7f0000000000, 100) = 0
umask(077) = 022
)";
  EXPECT_EQ(imported(text), "umask(077)\n");
  EXPECT_THAT(imported(text, {.keep_loading = true}), testing::HasSubstr("ld.so.cache"));
}

TEST_F(Strace, AnyTextGivesANormalProgram) {
  constexpr std::array<std::string_view, 24> pieces{"openat(", "writev(", "clone3(", "poll(", "{", "}", "[", "]", ")", ", ", "\"\\x6", "\"", "fd=3", " = 3\n",
                                                    "12 ", "<unfinished ...>\n", "12 <... poll resumed>", "NULL", "0x7f", "O_CREAT", "|", "~[", " => ", "/*"};
  std::vector<std::byte> spare;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    std::string text;
    for (uint32_t left = random.below(60); left > 0; --left) text += random.pick(pieces);
    const ImportedTrace trace = import_strace(grammar, text);
    Program again = trace.program;
    normalise(grammar, again, spare);
    ASSERT_EQ(again, trace.program) << text;
  }
}

}  // namespace
}  // namespace cupel::fuzz
