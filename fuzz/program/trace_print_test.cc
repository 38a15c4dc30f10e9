#include "fuzz/program/trace_print.hh"

#include <gtest/gtest.h>

#include <cstring>

#include "fuzz/program/grammar.hh"
#include "fuzz/program/sample_interface.hh"

namespace cupel::fuzz {
namespace {

using interface::Outcome;

constexpr uint64_t base = 0x1000;

// A stretch of memory at `base`.
struct Memory final : GuestMemory {
  std::vector<std::byte> bytes = std::vector<std::byte>(256);
  size_t copy_in(uint64_t address, std::span<std::byte> out) const override {
    if (address < base || address - base >= bytes.size()) return 0;
    const size_t size = std::min(out.size(), bytes.size() - (address - base));
    std::memcpy(out.data(), bytes.data() + (address - base), size);
    return size;
  }
  size_t copy_out(uint64_t, std::span<const std::byte>) const override { return 0; }
  Result<uint32_t> compare_exchange(uint64_t, uint32_t, uint32_t) const override { return fail(Errno::fault); }
};

class TracePrint : public testing::Test {
 protected:
  template <class T>
  void put(std::vector<std::byte>& to, size_t offset, const T& value) { std::memcpy(to.data() + offset, &value, sizeof(value)); }
  std::string line(std::string_view call, interface::Registers registers, Outcome outcome) {
    if (after.empty()) after = memory.bytes;
    const std::array slots{interface::Slot{base, memory.bytes, after}};
    outcome.slots = slots;
    return trace_line({.desc = &grammar.call(*grammar.find(call)), .tid = 1, .registers = registers, .memory = &memory}, outcome);
  }

  Grammar grammar{sample_interface()};
  Memory memory;
  std::vector<std::byte> after;
};

TEST_F(TracePrint, ArgumentsAreShownAsTheirKindsSuggest) {
  put(memory.bytes, 0, std::to_array("d/x"));
  EXPECT_EQ(line("open", {0xffff'ff9c, base, 0102, 0644}, {}), "open(AT_FDCWD, \"d/x\", O_RDWR|O_CREAT, 0644) = 0");
  EXPECT_EQ(line("open", {~uint64_t{99}, base, 0, 0}, {}), "open(AT_FDCWD, \"d/x\", O_RDONLY, 0) = 0");
}

TEST_F(TracePrint, WhatComesOutIsShownOnlyOnSuccess) {
  after = memory.bytes;
  put(after, 8, std::array<int32_t, 2>{3, 4});
  EXPECT_EQ(line("pipe", {base + 8}, {}), "pipe({3, 4}) = 0");
  EXPECT_EQ(line("pipe", {base + 8}, {.value = -24}), "pipe(0x1008) = -1 EMFILE");
  put(after, 0, std::to_array("abcdef"));
  EXPECT_EQ(line("read", {3, base, 100}, {.value = 3}), "read(3, \"abc\", 100) = 3");
}

TEST_F(TracePrint, WhatIsChangedIsShownTwice) {
  put(memory.bytes, 0, std::array<int32_t, 2>{5, 1});
  after = memory.bytes;
  EXPECT_EQ(line("poll", {base, 1, ~uint64_t{0}}, {}), "poll([{5, POLLIN, 0}], 1, -1) = 0");
  put(after, 6, uint16_t{4});
  EXPECT_EQ(line("poll", {base, 1, ~uint64_t{0}}, {.value = 1}), "poll([{5, POLLIN, 0}] => [{5, POLLIN, POLLOUT}], 1, -1) = 1");
}

TEST_F(TracePrint, PointersThatLeadNowhereAreNumbers) {
  EXPECT_EQ(line("write", {1, 0x9000, 4, 0}, {.value = -14}), "write(1, 0x9000, 4, 0) = -1 EFAULT");
  EXPECT_EQ(line("rename", {1, 0, 0x9000}, {.value = -14}), "rename(1, NULL, 0x9000) = -1 EFAULT");
}

TEST_F(TracePrint, VectorsShowTheBytesTheySpeakOf) {
  put(memory.bytes, 0, std::array<uint64_t, 4>{base + 64, 3, 0x9000, 7});
  put(memory.bytes, 64, std::to_array("xyz"));
  EXPECT_EQ(line("writev", {3, base, 2}, {.value = -14}), "writev(3, [{\"xyz\", 3}, {0x9000, 7}], 2) = -1 EFAULT");
}

TEST_F(TracePrint, CallsThatDoNotReturnSaySo) {
  EXPECT_EQ(line("nothing", {}, {.kind = Outcome::Kind::blocked}), "nothing() = ? (sleeps)");
  EXPECT_EQ(line("nothing", {}, {.kind = Outcome::Kind::ended}), "nothing() = ? (ends)");
  EXPECT_EQ(line("map", {0, 4096, 2, 0}, {.value = 0x1000'0000}), "map(0, 4096, MAP_PRIVATE, 0) = 0x10000000");
}

}  // namespace
}  // namespace cupel::fuzz
