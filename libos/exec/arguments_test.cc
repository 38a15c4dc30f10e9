#include "libos/exec/arguments.hh"

#include <string>

#include "libos/exec/machine_test.hh"

namespace cupel::libos {
namespace {

constexpr uint64_t memory = 0x1000'0000;

class ArgumentsTest : public MachineTest {
 protected:
  ArgumentsTest() { EXPECT_TRUE(task().space().map({.start = memory >> page_shift, .pages = 64, .access = platform::Access::read | platform::Access::write})); }
  void put(uint64_t address, std::string_view text) { ASSERT_TRUE(task().memory().write(address, std::as_bytes(std::span(text)))); }
  void put(uint64_t address, std::vector<uint64_t> words) { ASSERT_TRUE(task().memory().write(address, std::as_bytes(std::span(words)))); }
  static std::string all(const Arguments& arguments) {
    std::string out;
    EXPECT_TRUE(arguments.each_piece([&](std::span<const std::byte> piece) -> Result<> {
      for (const std::byte byte : piece) out += byte == std::byte{} ? '|' : static_cast<char>(byte);
      return {};
    }));
    EXPECT_EQ(out.size(), arguments.size());
    return out;
  }
};

TEST_F(ArgumentsTest, StringsComeInTheOrderOfTheirPointers) {
  put(memory + 0x2ffa, std::string_view("one\0two\0three\0", 14));  // across a page's end
  put(memory, {memory + 0x2ffe, memory + 0x2ffa, 0});
  Arguments arguments(machine().arena(), 1 << 16);
  ASSERT_TRUE(arguments.add_arguments(task().memory(), memory));
  ASSERT_TRUE(arguments.add_variable("A=b"));
  EXPECT_EQ(all(arguments), "two|one|A=b|");
  EXPECT_EQ(arguments.argument_count(), 2u);
  EXPECT_EQ(arguments.variable_count(), 1u);
}

TEST_F(ArgumentsTest, WhatCannotBeReadIsAFault) {
  Arguments arguments(machine().arena(), 1 << 16);
  put(memory + 64 * page_size - 3, "abc");  // runs off the mapping
  put(memory, {memory + 64 * page_size - 3, 0});
  EXPECT_EQ(arguments.add_arguments(task().memory(), memory), fail(Errno::fault));
  EXPECT_EQ(arguments.add_arguments(task().memory(), memory + 64 * page_size), fail(Errno::fault));
  EXPECT_EQ(arguments.add_arguments(task().memory(), UINT64_MAX - 7), fail(Errno::fault));
  EXPECT_TRUE(arguments.add_arguments(task().memory(), 0));
}

TEST_F(ArgumentsTest, AStringThatEndsWithItsMappingIsNoFault) {
  put(memory + 64 * page_size - 4, std::string_view("abc\0", 4));
  put(memory, {memory + 64 * page_size - 4, 0});
  Arguments arguments(machine().arena(), 1 << 16);
  ASSERT_TRUE(arguments.add_arguments(task().memory(), memory));
  EXPECT_EQ(all(arguments), "abc|");
}

TEST_F(ArgumentsTest, TooMuchIsTooBig) {
  Arguments exact(machine().arena(), 2 * (8 + 4));
  EXPECT_TRUE(exact.add_argument("abc"));
  EXPECT_TRUE(exact.add_argument("abc"));
  EXPECT_EQ(exact.add_argument(""), fail(Errno::too_big));
  Arguments arguments(machine().arena(), 1 << 20);
  const std::string longest(Arguments::string_size_max - 1, 'x');
  put(memory + page_size, longest);
  put(memory, {memory + page_size, 0});
  EXPECT_TRUE(arguments.add_arguments(task().memory(), memory));
  put(memory + page_size, longest + "x");
  EXPECT_EQ(arguments.add_arguments(task().memory(), memory), fail(Errno::too_big));
}

TEST_F(ArgumentsTest, AnInterpreterTakesThePlaceOfTheFirst) {
  Arguments arguments(machine().arena(), 1 << 16);
  ASSERT_TRUE(arguments.add_argument("zero"));
  ASSERT_TRUE(arguments.add_argument("one"));
  ASSERT_TRUE(arguments.add_variable("V="));
  ASSERT_TRUE(arguments.put_interpreter("/bin/awk", "-f", "/script"));
  EXPECT_EQ(all(arguments), "/bin/awk|-f|/script|one|V=|");
  ASSERT_TRUE(arguments.put_interpreter("/bin/sh", "", "/bin/awk"));
  EXPECT_EQ(all(arguments), "/bin/sh|/bin/awk|-f|/script|one|V=|");
  EXPECT_EQ(arguments.argument_count(), 5u);
}

}  // namespace
}  // namespace cupel::libos
