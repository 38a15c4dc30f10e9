#include "libos/exec/exec.hh"

#include <map>
#include <string>

#include "libos/exec/test_elf.hh"
#include "libos/exec/machine_test.hh"

namespace cupel::libos {
namespace {

using platform::Access;

class Exec : public MachineTest {
 protected:
  Result<NewProgram> prepare(std::string_view path, std::vector<std::string_view> argv = {"prog"}, std::vector<std::string_view> envp = {}) {
    Arguments arguments(machine().arena(), machine().config().argument_size_max);
    for (const auto text : argv) EXPECT_TRUE(arguments.add_argument(text));
    for (const auto text : envp) EXPECT_TRUE(arguments.add_variable(text));
    const size_t before = machine().arena().allocated_size();
    auto made = prepare_program(task(), find(path), path, arguments);
    if (!made) EXPECT_EQ(machine().arena().allocated_size(), before) << "a program that was refused has left something behind";
    else made->space->check();
    return made;
  }
  static uint64_t word(const NewProgram& program, uint64_t address) {
    uint64_t value = 0;
    EXPECT_TRUE(program.space->read(address, std::as_writable_bytes(std::span(&value, 1))));
    return value;
  }
  static std::string text(const NewProgram& program, uint64_t address) {
    std::string out;
    for (char c = 1; c != 0; ++address) {
      if (!program.space->read(address, std::as_writable_bytes(std::span(&c, 1)))) return out + "(fault)";
      if (c != 0) out += c;
    }
    return out;
  }
  // What main(argc, argv, envp) and getauxval(3) would see.
  struct Stack {
    std::vector<std::string> argv, envp;
    std::map<uint64_t, uint64_t> aux;
  };
  static Stack stack_of(const NewProgram& program) {
    Stack out;
    uint64_t at = program.stack;
    EXPECT_EQ(at % 16, 0u);
    const uint64_t count = word(program, at);
    for (uint64_t pointer = 0; at += 8, (pointer = word(program, at)) != 0;) out.argv.push_back(text(program, pointer));
    EXPECT_EQ(out.argv.size(), count);
    for (uint64_t pointer = 0; at += 8, (pointer = word(program, at)) != 0;) out.envp.push_back(text(program, pointer));
    for (at += 8; word(program, at) != 0; at += 16) out.aux[word(program, at)] = word(program, at + 8);
    return out;
  }
  static TestElf sound() {
    TestElf elf;
    elf.segments = {{.flags = 5, .offset = 0, .address = 0x40'0000, .file_size = 0x200, .memory_size = 0x200},
                    {.flags = 6, .offset = 0x300, .address = 0x40'1300, .file_size = 0x100, .memory_size = 0x2000}};
    return elf;
  }
};

TEST_F(Exec, ASegmentHasTheFilesBytesAndThenZeros) {
  put_file("/prog", sound().bytes());
  const auto program = prepare("/prog");
  ASSERT_TRUE(program);
  EXPECT_EQ(program->entry, 0x40'0100u);
  EXPECT_EQ(word(*program, 0x40'13f8), 0xcccc'cccc'cccc'ccccu);
  EXPECT_EQ(word(*program, 0x40'1400), 0u);   // the rest of the page, which the file fills otherwise
  EXPECT_EQ(word(*program, 0x40'32f8), 0u);   // the last word of a page that is no file's
  EXPECT_FALSE(program->space->mapped(0x404, 1));
  EXPECT_FALSE(program->space->write(0x40'0000, std::as_bytes(std::span("x", 1))));
}

TEST_F(Exec, WhatAProgramWritesToItsDataDoesNotReachTheFile) {
  const Ref<Inode> file = put_file("/prog", sound().bytes());
  const auto program = prepare("/prog");
  ASSERT_TRUE(program->space->write(0x40'1300, std::as_bytes(std::span("x", 1))));
  EXPECT_EQ(static_cast<RegularFile&>(*file).page(0).value()[0x300], std::byte{0xcc});
  EXPECT_EQ(static_cast<RegularFile&>(*file).page(0).value()[0x400], std::byte{0xcc});  // and neither did the zeros
}

TEST_F(Exec, TheStackHoldsArgumentsVariablesAndTheAuxiliaryVector) {
  put_file("/prog", sound().bytes());
  const auto program = prepare("/prog", {"prog", "", "three"}, {"A=1", "B=2"});
  ASSERT_TRUE(program);
  const Stack stack = stack_of(*program);
  EXPECT_EQ(stack.argv, (std::vector<std::string>{"prog", "", "three"}));
  EXPECT_EQ(stack.envp, (std::vector<std::string>{"A=1", "B=2"}));
  EXPECT_EQ(stack.aux.at(3), 0x40'0040u);  // AT_PHDR
  EXPECT_EQ(stack.aux.at(4), 56u);
  EXPECT_EQ(stack.aux.at(5), 2u);
  EXPECT_EQ(stack.aux.at(6), 4096u);
  EXPECT_EQ(stack.aux.at(7), 0u);          // AT_BASE
  EXPECT_EQ(stack.aux.at(9), 0x40'0100u);  // AT_ENTRY
  EXPECT_EQ(stack.aux.at(23), 0u);         // AT_SECURE
  EXPECT_EQ(text(*program, stack.aux.at(31)), "/prog");
  EXPECT_EQ(text(*program, stack.aux.at(15)), "x86_64");
  EXPECT_NE(word(*program, stack.aux.at(25)), 0u);
  EXPECT_FALSE(stack.aux.contains(33));
}

TEST_F(Exec, NoArgumentsAreOneEmptyArgument) {
  put_file("/prog", sound().bytes());
  const auto program = prepare("/prog", {}, {"A=1"});
  EXPECT_EQ(stack_of(*program).argv, std::vector<std::string>{""});
  EXPECT_EQ(stack_of(*program).envp, std::vector<std::string>{"A=1"});
}

TEST_F(Exec, AProgramOfNoFixedPlaceIsAlignedAsItAsks) {
  TestElf elf = sound();
  elf.type = 3, elf.entry = 0x1100;
  elf.segments[0].address = 0, elf.segments[1].address = 0x1300;
  elf.segments[1].alignment = 0x20'0000;
  put_file("/prog", elf.bytes());
  const auto program = prepare("/prog");
  ASSERT_TRUE(program);
  EXPECT_EQ((program->entry - 0x1100) % 0x20'0000, 0u);
  EXPECT_EQ(stack_of(*program).aux.at(3), program->entry - 0x1100 + 64);
  EXPECT_EQ(word(*program, program->entry - 0x1100 + 0x13f8), 0xcccc'cccc'cccc'ccccu);
}

TEST_F(Exec, AnInterpreterIsMappedBesideTheProgramAndRunsFirst) {
  TestElf loader = sound(), elf = sound();
  loader.type = 3, loader.entry = 0x1310;
  loader.segments[0].address = 0x1000, loader.segments[1].address = 0x2300;
  put_file("/ld", loader.bytes());
  elf.segments.push_back({.type = 3, .offset = 0x800, .file_size = 4, .memory_size = 4});
  auto bytes = elf.bytes();
  std::memcpy(bytes.data() + 0x800, "/ld", 4);
  put_file("/prog", bytes);
  const auto program = prepare("/prog");
  ASSERT_TRUE(program);
  const auto aux = stack_of(*program).aux;
  EXPECT_EQ(program->entry, aux.at(7) + 0x1310);
  EXPECT_EQ(aux.at(9), 0x40'0100u);
  EXPECT_TRUE(program->space->mapped(0x400, 1));

  std::memcpy(bytes.data() + 0x800, "/no", 4);
  put_file("/lost", bytes);
  EXPECT_EQ(prepare("/lost").error(), Errno::noent);
  put_file("/no", "no ELF file at all");
  EXPECT_EQ(prepare("/lost").error(), Errno::libbad);
}

TEST_F(Exec, AScriptsInterpreterFindsItsPathBehindItsArgument) {
  put_file("/prog", sound().bytes());
  put_file("/script", "#!/prog -x\n");
  put_file("/outer", "#! /script\n");
  const auto program = prepare("/outer", {"me", "arg"});
  ASSERT_TRUE(program);
  EXPECT_EQ(stack_of(*program).argv, (std::vector<std::string>{"/prog", "-x", "/script", "/outer", "arg"}));
  EXPECT_EQ(text(*program, stack_of(*program).aux.at(31)), "/outer");
}

TEST_F(Exec, FiveScriptsInARowAreFollowedAndASixthIsALoop) {
  put_file("/0", sound().bytes());
  for (const char level : {'1', '2', '3', '4', '5', '6'}) {
    put_file(std::string("/") + level, std::string("#!/") + static_cast<char>(level - 1) + "\n");
  }
  EXPECT_TRUE(prepare("/5"));
  EXPECT_EQ(prepare("/6").error(), Errno::loop);
  put_file("/self", "#!/self\n");
  EXPECT_EQ(prepare("/self").error(), Errno::loop);
}

TEST_F(Exec, WhatMayNotBeExecutedIsRefused) {
  put_file("/plain", sound().bytes(), 0644);
  EXPECT_EQ(prepare("/plain").error(), Errno::acces);
  EXPECT_EQ(prepare("/").error(), Errno::acces);
  put_file("/text", "echo no first line\n");
  EXPECT_EQ(prepare("/text").error(), Errno::noexec);
  put_file("/script", "#!/plain\n");
  EXPECT_EQ(prepare("/script").error(), Errno::acces);
  const Ref<Inode> busy = put_file("/busy", sound().bytes());
  busy->writer_count = 1;
  EXPECT_EQ(prepare("/busy").error(), Errno::txtbsy);
  busy->writer_count = 0;
}

TEST_F(Exec, AProgramOverItsStackOrBelowTheLeastAddressIsRefused) {
  TestElf elf = sound();
  elf.segments[1].address = machine().config().stack_top - 0x1000 + 0x300;
  put_file("/high", elf.bytes());
  EXPECT_EQ(prepare("/high").error(), Errno::nomem);
  elf = sound();
  elf.segments[0].address = 0xf000;
  put_file("/low", elf.bytes());
  EXPECT_EQ(prepare("/low").error(), Errno::perm);
}

TEST_F(Exec, ASetIdFileChangesWhoRunsItAndSaysSo) {
  const Ref<Inode> file = put_file("/prog", sound().bytes(), 06755);
  task().credentials = {.uid = 7, .euid = 7, .suid = 7, .gid = 8, .egid = 8, .sgid = 8};
  file->uid = 3, file->gid = 4, file->mode |= 06000;
  const auto program = prepare("/prog");
  ASSERT_TRUE(program);
  EXPECT_EQ(program->credentials.euid, 3u);
  EXPECT_EQ(program->credentials.suid, 3u);
  EXPECT_EQ(program->credentials.egid, 4u);
  EXPECT_EQ(program->credentials.uid, 7u);
  EXPECT_EQ(stack_of(*program).aux.at(23), 1u);
  task().credentials = {};
}

TEST_F(Exec, EveryAllocationThatFailsLeavesNothingBehind) {
  put_file("/prog", sound().bytes());
  for (uint64_t ahead = 1;; ++ahead) {
    ASSERT_LT(ahead, 200u);
    machine().arena().fail_allocation(ahead);
    const size_t refusals = machine().arena().refusal_count();
    Arguments arguments(machine().arena(), 4096);
    const bool has_arguments = arguments.add_argument("x").has_value();
    const size_t before = machine().arena().allocated_size();
    const auto made = has_arguments ? prepare_program(task(), find("/prog"), "/prog", arguments) : fail(Errno::nomem);
    const bool refused = machine().arena().refusal_count() > refusals;
    machine().arena().fail_allocation(0);
    if (!refused) break;
    ASSERT_FALSE(made) << ahead;
    if (has_arguments) EXPECT_EQ(machine().arena().allocated_size(), before) << ahead;
  }
}

}  // namespace
}  // namespace cupel::libos
