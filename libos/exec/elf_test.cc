#include "libos/exec/elf.hh"

#include <gtest/gtest.h>

#include "libos/base/page.hh"
#include "libos/exec/test_elf.hh"

namespace cupel::libos {
namespace {

using platform::Access;

Result<ProgramHeaders> parse(const TestElf& elf) {
  const auto bytes = elf.bytes();
  const ElfHeader header = TRY(parse_elf_header(bytes));
  return parse_program_headers(header, std::span(bytes).subspan(header.table_offset, header.table_count * program_header_size), bytes.size());
}

TestElf sound() {
  TestElf elf;
  elf.segments = {{.flags = 5, .offset = 0, .address = 0x40'0000, .file_size = 0x200, .memory_size = 0x200},
                  {.flags = 6, .offset = 0x300, .address = 0x40'1300, .file_size = 0x100, .memory_size = 0x2000}};
  return elf;
}

TEST(Elf, ASoundFileIsReadAsItWasWritten) {
  const auto program = parse(sound());
  ASSERT_TRUE(program);
  ASSERT_EQ(program->segment_count, 2u);
  EXPECT_EQ(program->segments()[0].access, Access::read | Access::execute);
  EXPECT_EQ(program->segments()[1].access, Access::read | Access::write);
  EXPECT_EQ(program->segments()[1].memory_size, 0x2000u);
  EXPECT_EQ(program->table_address, 0x40'0000u + elf_header_size);
  EXPECT_FALSE(program->executable_stack);
  EXPECT_EQ(program->interpreter_size, 0u);
}

TEST(Elf, WhatIsNoElfOfX8664IsRefused) {
  for (const size_t offset : {0u, 4u, 5u, 16u, 18u, 54u}) {
    auto changed = sound().bytes();
    ASSERT_TRUE(parse_elf_header(changed));
    changed[offset] ^= std::byte{0x55};
    EXPECT_EQ(parse_elf_header(changed).error(), Errno::noexec) << offset;
  }
  const auto bytes = sound().bytes();
  EXPECT_EQ(parse_elf_header(std::span(bytes).first(63)).error(), Errno::noexec);
}

TEST(Elf, ASegmentThatIsNotInTheFileIsRefused) {
  TestElf elf = sound();
  elf.segments[1].file_size = elf.segments[1].memory_size = elf.bytes().size() - 0x300 + 1;
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
  elf = sound();
  elf.segments[1].offset = UINT64_MAX - 0xff;  // offset + size wraps
  elf.segments[1].address = 0x40'1f00;
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
}

TEST(Elf, ASegmentThatLeavesTheUsersAddressesIsRefused) {
  TestElf elf = sound();
  elf.segments[1].address = user_limit - 0x1000 + 0x300;
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
  elf.segments[1].address = UINT64_MAX - 0xfff + 0x300;  // address + size wraps
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
}

TEST(Elf, SegmentsOnOnePageOrOutOfOrderAreRefused) {
  TestElf elf = sound();
  elf.segments[1].address = 0x40'0300;
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
  elf = sound();
  std::swap(elf.segments[0], elf.segments[1]);
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
}

TEST(Elf, ASegmentWhosePlaceInItsPageDiffersFromTheFilesIsRefused) {
  TestElf elf = sound();
  elf.segments[1].address += 8;
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
}

TEST(Elf, MoreInTheFileThanInMemoryIsRefused) {
  TestElf elf = sound();
  elf.segments[1].memory_size = elf.segments[1].file_size - 1;
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
}

TEST(Elf, AFileWithoutSegmentsIsRefused) {
  TestElf elf = sound();
  for (auto& segment : elf.segments) segment.type = 4;
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
}

TEST(Elf, AnInterpretersPathMustLieInTheFile) {
  TestElf elf = sound();
  elf.segments.insert(elf.segments.begin(), {.type = 3, .offset = 0x250, .file_size = 5, .memory_size = 5});
  EXPECT_EQ(parse(elf)->interpreter_size, 5u);
  elf.segments[0].offset = elf.bytes().size() - 4;
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
  elf.segments[0] = {.type = 3, .offset = 0x250, .file_size = 4097};
  EXPECT_EQ(parse(elf).error(), Errno::noexec);
}

TEST(Elf, AStackIsExecutableOnlyWhereTheFileSaysSo) {
  TestElf elf = sound();
  elf.segments.push_back({.type = 0x6474'e551, .flags = 7});
  EXPECT_TRUE(parse(elf)->executable_stack);
  elf.segments.back().flags = 6;
  EXPECT_FALSE(parse(elf)->executable_stack);
}

}  // namespace
}  // namespace cupel::libos
