#include "shims/linux/syscalls/exec.hh"

#include "libos/exec/test_elf.hh"
#include "libos/exec/machine_test.hh"
#include "libos/fd/fd_table.hh"
#include "libos/mm/address_space.hh"
#include "shims/linux/shim.hh"

namespace cupel::libos {
namespace {

constexpr uint64_t memory = 0x1000'0000;
constexpr uint64_t execve_number = 59, arch_prctl_number = 158, clone_number = 56, vfork_number = 58, open_number = 2, ioctl_number = 16;

class ExecCall : public MachineTest {
 protected:
  ExecCall() {
    EXPECT_TRUE(task().space().map({.start = memory >> page_shift, .pages = 4, .access = platform::Access::read | platform::Access::write}));
    put(memory, std::string_view("/prog\0", 6));
    put(memory + 0x100, "two");
    const std::array<uint64_t, 3> argv{memory, memory + 0x100, 0};
    EXPECT_TRUE(task().memory().write(memory + 0x200, std::as_bytes(std::span(argv))));
    TestElf elf;
    elf.segments = {{.flags = 5, .offset = 0, .address = 0x40'0000, .file_size = 0x200, .memory_size = 0x200}};
    put_file("/prog", elf.bytes());
  }
  void put(uint64_t address, std::string_view text) { EXPECT_TRUE(task().memory().write(address, std::as_bytes(std::span(text)))); }
  static int64_t call(Task& who, uint64_t number, interface::Registers registers = {}) { return linux_shim::enter(who, number, registers); }
  Task& find_task(int32_t tid) { return *machine().find_task(tid); }
  std::atomic<uint32_t> never_{0};
  void run_first(std::function<void()> script) {
    guest[1] = std::move(script);
    ASSERT_TRUE(platform.start(1, task().space().id()));
    platform.run();
  }
};

TEST_F(ExecCall, ASuccessfulOneGoesOnAtTheEntryWithTheNewStackAndNothingElseInRegisters) {
  run_first([&] {
    platform.registers(1).rbx = 77;
    platform.registers(1).fs_base = memory;
    EXPECT_EQ(call(task(), open_number, {memory, 02000000}), 0);  // O_CLOEXEC
    EXPECT_EQ(call(task(), open_number, {memory, 0}), 1);
    EXPECT_EQ(call(task(), execve_number, {memory, memory + 0x200, 0}), 0);
    EXPECT_EQ(platform.registers(1).rip, 0x40'0100u);
    EXPECT_EQ(platform.registers(1).rbx, 0u);
    EXPECT_EQ(platform.registers(1).fs_base, 0u);
    uint64_t count = 0;
    EXPECT_TRUE(task().memory().read(platform.registers(1).rsp, std::as_writable_bytes(std::span(&count, 1))));
    EXPECT_EQ(count, 2u);
    EXPECT_FALSE(task().space().mapped(memory >> page_shift, 1));
    EXPECT_EQ(task().fds().at(0), nullptr);
    EXPECT_NE(task().fds().at(1), nullptr);
  });
}

TEST_F(ExecCall, AFailedOneChangesNothing) {
  run_first([&] {
    platform.registers(1).rbx = 77;
    EXPECT_EQ(call(task(), execve_number, {memory + 0x100, memory + 0x200, 0}), -2);  // ENOENT
    EXPECT_EQ(call(task(), execve_number, {memory, 0x10, 0}), -14);                   // EFAULT
    EXPECT_EQ(call(task(), execve_number, {0x10, 0, 0}), -14);
    EXPECT_EQ(platform.registers(1).rbx, 77u);
    EXPECT_TRUE(task().space().mapped(memory >> page_shift, 1));
  });
}

TEST_F(ExecCall, AFileThatIsOpenForWritingIsBusy) {
  run_first([&] {
    EXPECT_EQ(call(task(), open_number, {memory, 1}), 0);
    EXPECT_EQ(call(task(), execve_number, {memory, 0, 0}), -26);  // ETXTBSY
    EXPECT_EQ(call(task(), 3, {0}), 0);
    EXPECT_EQ(call(task(), execve_number, {memory, 0, 0}), 0);
  });
}

TEST_F(ExecCall, AParentInVforkGoesOnWhenItsChildHasExecuted) {
  bool child_is_new = false, parent_is_back = false;
  guest[2] = [&] {
    child_is_new = call(find_task(2), execve_number, {memory, memory + 0x200, 0}) == 0;
    platform.wait(never_, 0, platform::no_deadline);  // it lives on
  };
  run_first([&] {
    EXPECT_EQ(call(task(), vfork_number), 2);
    parent_is_back = child_is_new;
    EXPECT_TRUE(task().space().mapped(memory >> page_shift, 1));
  });
  EXPECT_TRUE(parent_is_back);
  platform.abandon();
}

TEST_F(ExecCall, OtherThreadsOfTheProcessEndFirst) {
  constexpr uint64_t thread_flags = 0x10000 | 0x800 | 0x100 | 0x400;  // CLONE_THREAD | SIGHAND | VM | FILES
  guest[2] = [&] { call(find_task(2), 202, {memory + 0x800, 0, 0, 0}); };  // FUTEX_WAIT, for ever
  run_first([&] {
    EXPECT_EQ(call(task(), clone_number, {thread_flags, memory + 0x900, 0, 0, 0}), 2);
    EXPECT_EQ(platform.registers(2).rsp, memory + 0x900);
    EXPECT_EQ(call(task(), execve_number, {memory, 0, 0}), 0);
    EXPECT_TRUE(machine().find_task(2) == nullptr || find_task(2).state() == Task::State::zombie);
    EXPECT_EQ(platform.registers(1).rip, 0x40'0100u);
  });
}

TEST_F(ExecCall, ArchPrctlSetsAndTellsTheBases) {
  run_first([&] {
    EXPECT_EQ(call(task(), arch_prctl_number, {0x1002, memory}), 0);
    EXPECT_EQ(platform.registers(1).fs_base, memory);
    EXPECT_EQ(call(task(), arch_prctl_number, {0x1003, memory + 0x300}), 0);
    uint64_t told = 0;
    EXPECT_TRUE(task().memory().read(memory + 0x300, std::as_writable_bytes(std::span(&told, 1))));
    EXPECT_EQ(told, memory);
    EXPECT_EQ(call(task(), arch_prctl_number, {0x1002, user_limit}), -1);  // EPERM
    EXPECT_EQ(call(task(), arch_prctl_number, {0x3001, 0}), -22);          // EINVAL
    EXPECT_EQ(call(task(), arch_prctl_number, {0x1003, 0x10}), -14);       // EFAULT
  });
}

TEST_F(ExecCall, NothingIsATerminal) {
  run_first([&] {
    EXPECT_EQ(call(task(), open_number, {memory, 0}), 0);
    EXPECT_EQ(call(task(), ioctl_number, {0, 0x5401, memory}), -25);  // TCGETS: ENOTTY
    EXPECT_EQ(call(task(), ioctl_number, {9, 0x5401, memory}), -9);   // EBADF
  });
}

}  // namespace
}  // namespace cupel::libos
