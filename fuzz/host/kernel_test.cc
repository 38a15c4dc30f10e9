#include "fuzz/host/kernel.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "fuzz/host/namespaces_for_tests.hh"
#include "fuzz/linux/world.hh"

namespace cupel::host {
namespace {

constexpr std::array<uint16_t, 17> allowed{SYS_read,  SYS_write, SYS_open,  SYS_mmap,  SYS_brk,   SYS_pipe2,  SYS_mkdir,      SYS_chdir,
                                           SYS_umask, SYS_chmod, SYS_lseek, SYS_dup,   SYS_fstat, SYS_unlink, SYS_exit_group, SYS_link,
                                           SYS_fallocate};

// A pointer argument: the bytes it points to, in a slot.
struct Bytes {
  std::vector<std::byte> bytes;
  uint64_t address = 0;
};

class KernelTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!namespaces_can_be_made()) return;  // SetUp skips
    auto started = Kernel::start({.descriptors_max = 16}, allowed);
    ASSERT_TRUE(started) << started.error();
    kernel = std::move(*started);
  }
  static void TearDownTestSuite() { kernel.reset(); }

  void SetUp() override {
    SKIP_WITHOUT_NAMESPACES();
    ASSERT_NE(kernel, nullptr);
    batch().clear();
  }
  Batch& batch() { return kernel->batch(0); }
  void run() {
    kernel->submit(batch());
    const auto done = kernel->finish(batch());
    ASSERT_TRUE(done) << done.error();
  }

  // Adds a call without slots.
  template <class... A>
  void call(long number, int64_t expected, A... arguments) {
    CallRecord record{};
    record.number = static_cast<uint64_t>(number);
    record.registers = {static_cast<uint64_t>(arguments)...};
    record.expected = expected;
    record.descriptors = 2;
    ASSERT_TRUE(batch().add(record, {}));
  }
  // Adds a call whose first argument is `text`.
  template <class... A>
  void call_on(long number, std::string_view text, int64_t expected, A... arguments) {
    std::vector<std::byte> bytes(text.size() + 1);
    std::memcpy(bytes.data(), text.data(), text.size());
    const SlotInput slot{fuzz::slots_base + 64, bytes};
    CallRecord record{};
    record.number = static_cast<uint64_t>(number);
    record.registers = {slot.address, static_cast<uint64_t>(arguments)...};
    record.expected = expected;
    record.descriptors = 2;
    ASSERT_TRUE(batch().add(record, std::span(&slot, 1)));
  }
  // Adds a call whose second argument is room for `size` bytes.
  template <class... A>
  void call_into(long number, int64_t first, size_t size, int64_t expected, A... arguments) {
    const std::vector<std::byte> bytes(size, fuzz::guard_byte);
    const SlotInput slot{fuzz::slots_base + 64, bytes};
    CallRecord record{};
    record.number = static_cast<uint64_t>(number);
    record.registers = {static_cast<uint64_t>(first), slot.address, static_cast<uint64_t>(arguments)...};
    record.expected = expected;
    record.descriptors = 2;
    ASSERT_TRUE(batch().add(record, std::span(&slot, 1)));
  }
  int64_t value(size_t program, size_t index) {
    const Answer answer = batch().answer(program, index);
    EXPECT_EQ(answer.state, State::returned) << "call " << index << " of program " << program;
    return answer.value;
  }

  static std::unique_ptr<Kernel> kernel;
};
std::unique_ptr<Kernel> KernelTest::kernel;

TEST_F(KernelTest, ResultsAndBytesComeBack) {
  batch().begin();
  call_on(SYS_open, "file", 3, O_CREAT | O_RDWR, 0600);
  call_into(SYS_write, 3, 4, 4, 4);
  call(SYS_lseek, 1, 3, 1, SEEK_SET);
  call_into(SYS_read, 3, 10, 3, 10);
  run();
  EXPECT_EQ(value(0, 0), 3);
  EXPECT_EQ(value(0, 1), 4);
  EXPECT_EQ(value(0, 2), 1);
  EXPECT_EQ(value(0, 3), 3);
  EXPECT_EQ(batch().after(0, 3, 0)[2], fuzz::guard_byte);
}

TEST_F(KernelTest, EachProgramFindsTheSameWorld) {
  for (int program = 0; program < 3; ++program) {
    batch().begin();
    call(SYS_umask, 022, 077);
    call_on(SYS_mkdir, "deep", 0, 0777);
    call_on(SYS_chdir, "deep", 0);
    call_on(SYS_mkdir, "deeper", 0, 0);
    call_on(SYS_open, "deeper/file", 3, O_CREAT | O_RDWR, 0600);
    call_on(SYS_chmod, "/", 0, 0);
    call_into(SYS_write, 1, 5, 5, 5);
    call_on(SYS_unlink, "/console", 0);
    call(SYS_brk, 0x1200'0000, 0);
    call(SYS_brk, 0x1200'2000, 0x1200'2000);
    call(SYS_mmap, 0x1000'0000, 0x1000'0000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  }
  run();
  for (size_t program = 0; program < 3; ++program) {
    constexpr std::array<int64_t, 11> expected{022, 0, 0, 0, 3, 0, 5, 0, 0x1200'0000, 0x1200'2000, 0x1000'0000};
    for (size_t index = 0; index < expected.size(); ++index) EXPECT_EQ(value(program, index), expected[index]) << program << ":" << index;
  }
}

TEST_F(KernelTest, ConsoleIsEmptyAgain) {
  for (int program = 0; program < 2; ++program) {
    batch().begin();
    call_into(SYS_fstat, 1, sizeof(struct stat), 0);
    call_into(SYS_write, 1, 5, 5, 5);
    call_on(SYS_link, "console", 0, fuzz::slots_base + 64 + 4);  // as "ole"
  }
  run();
  for (size_t program = 0; program < 2; ++program) {
    struct stat status;
    EXPECT_EQ(value(program, 0), 0);
    std::memcpy(&status, batch().after(program, 0, 0).data(), sizeof(status));
    EXPECT_EQ(status.st_size, 0);
    EXPECT_EQ(status.st_mode, S_IFREG | 0644u);
    EXPECT_EQ(status.st_nlink, 1u);
    EXPECT_EQ(value(program, 2), 0);
  }
}

TEST_F(KernelTest, FilesHoldNoMoreThanTheMachineCould) {
  batch().begin();
  call(SYS_fallocate, 0, 0, 0, 0, fuzz::World::arena_size);
  call(SYS_fallocate, -ENOSPC, 0, 0, 0, fuzz::World::arena_size + 1);
  run();
  EXPECT_EQ(value(0, 0), 0);
  EXPECT_EQ(value(0, 1), -ENOSPC);
}

TEST_F(KernelTest, TheBreakEndsWhereTheMachinesDoes) {
  const libos::Config config;
  batch().begin();
  const auto end = static_cast<int64_t>(config.break_base + config.break_size_max);
  call(SYS_brk, end, end);
  call(SYS_brk, end, end + 1);
  run();
  EXPECT_EQ(value(0, 0), end);
  EXPECT_EQ(value(0, 1), end);
}

TEST_F(KernelTest, SlotsEndInAPageThatCannotBeWrittenAndThenInNothing) {
  batch().begin();
  call_on(SYS_open, "file", 3, O_CREAT | O_RDWR, 0600);
  call(SYS_write, page_size, 3, fuzz::read_only_base, 2 * page_size);
  call(SYS_lseek, 0, 3, 0, SEEK_SET);
  call(SYS_read, -EFAULT, 3, fuzz::read_only_base, 1);
  call(SYS_read, -EFAULT, 3, fuzz::unmapped_base, 1);
  run();
  EXPECT_EQ(value(0, 1), int64_t{page_size});
  EXPECT_EQ(value(0, 3), -EFAULT);
  EXPECT_EQ(value(0, 4), -EFAULT);
}

TEST_F(KernelTest, ATextThatRunsOffThePageThatCanOnlyBeReadIsAFault) {
  const std::array<std::byte, 3> text{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
  for (int program = 0; program < 2; ++program) {
    batch().begin();
    CallRecord record{};
    record.number = SYS_chdir;
    record.expected = -EFAULT;
    record.registers = {fuzz::unmapped_base - 3};
    ASSERT_TRUE(batch().add(record, {}));
    ASSERT_TRUE(batch().add(record, std::array{SlotInput{fuzz::unmapped_base - 3, text}}));
  }
  run();
  for (size_t program = 0; program < 2; ++program) {
    EXPECT_EQ(value(program, 0), -EFAULT);
    EXPECT_EQ(value(program, 1), -EFAULT);
  }
}

TEST_F(KernelTest, WhatAProgramLeavesInItsSlotsIsGoneInTheNext) {
  for (int program = 0; program < 2; ++program) {
    batch().begin();
    batch().set_slots_used(4096);
    CallRecord record{};
    record.number = SYS_umask;
    record.expected = 022;
    record.registers = {022};
    const std::array<std::byte, 8> nothing{}, text{std::byte{'x'}, std::byte{'y'}};
    // What is found comes back as it was, in the slots, at their edge, and where nothing may be written.
    ASSERT_TRUE(batch().add(record, std::array{SlotInput{fuzz::slots_base, nothing, Content::found}, SlotInput{fuzz::read_only_base - 4, nothing, Content::found},
                                               SlotInput{fuzz::unmapped_base - 4, nothing, Content::found}}));
    ASSERT_TRUE(batch().add(record, std::array{SlotInput{fuzz::slots_base, text}, SlotInput{fuzz::read_only_base - 4, text}}));
  }
  run();
  for (size_t program = 0; program < 2; ++program) {
    EXPECT_EQ(batch().before(program, 0, 0)[0], std::byte{0});
    EXPECT_EQ(batch().before(program, 0, 1)[0], std::byte{0});
    EXPECT_EQ(batch().after(program, 0, 1)[4], std::byte{0});
    EXPECT_EQ(batch().after(program, 0, 2)[3], fuzz::guard_byte);  // the end of the page that can only be read,
    EXPECT_EQ(batch().after(program, 0, 2)[4], std::byte{0});      // and behind it nothing: as it was given
    EXPECT_EQ(batch().after(program, 1, 0)[1], std::byte{'y'});
  }
}

TEST_F(KernelTest, ACallThatWaitsForEverIsInterruptedAndEndsItsProgram) {
  batch().begin();
  call_on(SYS_pipe2, "12345678", 0, 0);
  call_into(SYS_read, 3, 1, 1, 1);
  call(SYS_dup, 5, 0);
  batch().begin();
  call(SYS_dup, 3, 0);
  run();
  EXPECT_EQ(batch().answer(0, 1).state, State::blocked);
  EXPECT_EQ(batch().answer(0, 2).state, State::not_made);
  EXPECT_EQ(value(1, 0), 3);
}

TEST_F(KernelTest, AProgramEndsWhereOneWorldFailsAndTheOtherDoesNot) {
  batch().begin();
  call(SYS_dup, 7, 15);
  call(SYS_dup, 3, 0);
  run();
  EXPECT_EQ(value(0, 0), -EBADF);
  EXPECT_EQ(batch().answer(0, 1).state, State::not_made);
}

TEST_F(KernelTest, AChildThatDiesIsReplaced) {
  const uint64_t deaths = kernel->deaths();
  batch().begin();
  call(SYS_dup, 3, 0);
  call(SYS_exit_group, 0, 0);
  batch().begin();
  call(SYS_dup, 3, 0);
  run();
  EXPECT_EQ(value(0, 0), 3);
  EXPECT_EQ(batch().answer(0, 1).state, State::died);
  EXPECT_EQ(value(1, 0), 3);
  EXPECT_EQ(kernel->deaths(), deaths + 1);
}

TEST_F(KernelTest, SkippedCallsAreNotMade) {
  batch().begin();
  CallRecord record{};
  record.number = SYS_dup;
  record.manner = Manner::skip;
  ASSERT_TRUE(batch().add(record, {}));
  call(SYS_dup, 3, 0);
  run();
  EXPECT_EQ(batch().answer(0, 0).state, State::not_made);
  EXPECT_EQ(value(0, 1), 3);
}

TEST_F(KernelTest, ABatchThatIsFullSaysSo) {
  const std::vector<std::byte> large(size_t{1} << 20);
  const SlotInput slot{fuzz::slots_base, large};
  ASSERT_TRUE(batch().begin());
  size_t added = 0;
  while (batch().add({}, std::span(&slot, 1))) ++added;
  EXPECT_EQ(added, 3u);  // of two times 1 MiB, in 8
  EXPECT_EQ(batch().call_count(0), added);
}

}  // namespace
}  // namespace cupel::host
