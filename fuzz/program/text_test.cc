#include "fuzz/program/text.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fuzz/program/codec.hh"
#include "fuzz/program/mutate.hh"
#include "fuzz/program/sample_interface.hh"

namespace cupel::fuzz {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Text : public testing::Test {
 protected:
  Parsed parsed(std::string_view text) {
    auto result = parse(grammar, text);
    if (result) return std::move(*result);
    ADD_FAILURE() << result.error().text() << "\n" << text;
    return {};
  }
  std::string error_of(std::string_view text) {
    const auto result = parse(grammar, text);
    return result ? "no error" : result.error().text();
  }
  // Of text that is already as print() would have it.
  void expect_same(std::string_view text) { EXPECT_EQ(print(grammar, parsed(text).program), text); }

  Grammar grammar{sample_interface()};
};

TEST_F(Text, AProgramReadsLikeItsTrace) {
  expect_same("@schedule pct seed=7 depth=2\n"
              "r0 = open(AT_FDCWD, \"a\", O_RDWR|O_CREAT, 0644)\n"
              "r1 = pipe(out)\n"
              "     write(r1.2, {01 02 ff*100}, 102, -1)\n"
              "     read(r0, [16], 16)  ; task 1\n"
              "     poll([{r1.1, POLLIN, 0}, {-1, POLLIN|POLLOUT|0x100, 0}], 2, -1)\n"
              "     writev(r1.2, [{0, 4}, {4, 4}] \"abcdefgh\", 2)\n"
              "     rename(r0, \"d/x\", \"say \\\"\\\\\\x00\\n\\\"\")\n"
              "@fault copy 1 at call 2\n"
              "@tamper call 2 argument 1 byte 1 = 0xff\n");
}

TEST_F(Text, PlacesOtherThanASlotAreNamed) {
  expect_same("r0 = map(0, 0x10000, MAP_PRIVATE|MAP_ANONYMOUS, 0)\n"
              "     unmap(r0+0x1000, 4096)\n"
              "     write(-1, edge(\"ab\"), 3, 0)\n"
              "     write(-1, r0, 8, 0)\n"
              "     read(-1, edge([2]), 3)\n"
              "     sleep(CLOCK_MONOTONIC, edge({1, 2})+4, null)\n"
              "     sleep(CLOCK_MONOTONIC, r0+0x8, read_only(out))\n"
              "     rename(-1, unmapped, beyond)\n"
              "     unmap(r0-0x1000, 4096)\n");
}

TEST_F(Text, SynchronousIsOneNameAndNotTwo) {
  expect_same("open(-1, \"\", O_SYNC, 0)\n");
  expect_same("open(-1, \"\", O_DSYNC, 0)\n");
  expect_same("open(-1, \"\", O_RDONLY, 0)\n");
  expect_same("open(-1, {61 62}, O_WRONLY|0x8000000000000000, 0)\n");
}

TEST_F(Text, GeneratedAndMutatedProgramsComeBackAsTheyWere) {
  Mutator mutator(grammar);
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed);
    Program program;
    mutator.generator().generate(random, program);
    for (int round = 0; round < 5; ++round) {
      const std::string text = print(grammar, program);
      const Parsed again = parsed(text);
      ASSERT_EQ(again.program, program) << text;
      ASSERT_TRUE(again.warnings.empty()) << again.warnings[0] << text;
      mutator.mutate(random, program);
    }
  }
}

TEST_F(Text, ProgramsOfRandomBytesComeBackAsTheyWere) {
  Random random(3);
  Program program;
  for (int round = 0; round < 500; ++round) {
    std::vector<uint8_t> bytes(random.below(300));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.one_in(2) ? random.below(8) : random.next());
    decode(grammar, bytes, program);
    const std::string text = print(grammar, program);
    ASSERT_EQ(parsed(text).program, program) << text;
  }
}

TEST_F(Text, ACallThatIsNoMoreIsSkippedAndItsResultIsMinusOne) {
  const Parsed result = parsed("r0 = frobnicate({1}, \"unbalanced (\", 3)\nclose(r0)\nr5 = dup(1)\nclose(r5)\n@fault wait 1 at call 2\n@fault wait 1 at call 0\n");
  EXPECT_EQ(print(grammar, result.program), "     close(-1)\nr1 = dup(1)\n     close(r1)\n@fault wait 1 at call 1\n");
  EXPECT_THAT(result.warnings, ElementsAre("1:6: there is no call frobnicate: skipped", "6:2: there is no call 0: its fault is skipped"));
}

TEST_F(Text, MissingArgumentsAreNothingAndSuperfluousOnesAreSkipped) {
  const Parsed result = parsed("write(1, \"abc\")\nseek(1)\nclose(1, {2, [3]}, \")\")\nadjust({1, 2, 3, 4, 5, 6})\n");
  EXPECT_EQ(print(grammar, result.program), "write(1, \"abc\", 3, 0)\nseek(1, 0, SEEK_SET)\nclose(1)\nadjust({1, 2, 3, 4, 5}, {0, 0}, 0)\n");
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("3:10: close has no more arguments"), HasSubstr("4:24: Mixed has no more fields")));
}

TEST_F(Text, WhatACallAnsweredAndCommentsAreSkipped) {
  EXPECT_EQ(print(grammar, parsed("# first\n\n  r0 = dup(1) = -1 EBADF (bad) ; task 3 # why\n").program), "dup(1)  ; task 3\n");
}

TEST_F(Text, ErrorsNameLineColumnAndWhatWasExpected) {
  EXPECT_EQ(error_of("dup(1)\ndup(\"a\")"), "2:5: expected a number, a name or a reference, got '\"'");
  EXPECT_EQ(error_of("open(-1, \"a\", O_CREATE, 0)"),
            "1:15: 'O_CREATE' is none of O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_DSYNC, O_SYNC, O_DIRECTORY");
  EXPECT_EQ(error_of("dup(r3)"), "1:5: no line before bears the label r3");
  EXPECT_EQ(error_of("dup(1"), "1:6: expected ')', but the line ends");
  EXPECT_EQ(error_of("dup(1) x"), "1:8: expected the end of the line, got 'x'");
  EXPECT_EQ(error_of(std::string_view("\0dup(1)", 7)), "1:1: expected a call, a directive or a comment, got '\\x00'");
  EXPECT_EQ(error_of("dup(099)"), "1:5: not a number of base 8");
  EXPECT_EQ(error_of("dup(0x11112222333344445)"), "1:5: the number does not fit 64 bits");
  EXPECT_EQ(error_of("rename(-1, \"a"), "1:14: the text has no closing quote");
  EXPECT_EQ(error_of("write(-1, {0g}, 1)"), "1:12: expected two hex digits or '}', got '0'");
  EXPECT_EQ(error_of("@frob"), "1:2: 'frob' is none of @policy, @schedule, @fault, @tamper");
  EXPECT_EQ(error_of("dup(1) ; task 8"), "1:15: a task's number is at most 7");
  EXPECT_EQ(error_of("r0 = dup(1)\nr0 = dup(1)"), "2:1: r0 stands for an earlier line");
}

TEST_F(Text, BoundsAreKeptWithAnError) {
  std::string many;
  for (int call = 0; call <= steps_max; ++call) many += "nothing()\n";
  EXPECT_THAT(error_of(many), HasSubstr("257:1: a program has at most 256 calls"));
  EXPECT_THAT(error_of("write(1, {00*16384 00})"), HasSubstr("an argument has at most 16384 bytes"));
  EXPECT_THAT(error_of("read(1, [16385])"), HasSubstr("the room for a buffer is at most 16384"));
}

}  // namespace
}  // namespace cupel::fuzz
