#include "libos/exec/script.hh"

#include <gtest/gtest.h>

#include <string>

namespace cupel::libos {
namespace {

TEST(Script, TheInterpreterAndItsOneArgumentAreFoundBetweenBlanks) {
  const auto line = parse_script_line("#! /bin/sh  -e x\t\nrest");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->interpreter, "/bin/sh");
  EXPECT_EQ(line->argument, "-e x");
  EXPECT_EQ(parse_script_line("#!/bin/sh\n")->argument, "");
  EXPECT_EQ(parse_script_line("#!/bin/sh \n")->argument, "");
}

TEST(Script, AFileMayEndWithoutANewline) { EXPECT_EQ(parse_script_line("#!/bin/sh")->interpreter, "/bin/sh"); }

TEST(Script, NoInterpreterIsNoScript) {
  EXPECT_EQ(parse_script_line("#!\n/bin/sh").error(), Errno::noexec);
  EXPECT_EQ(parse_script_line("#!  \t").error(), Errno::noexec);
  EXPECT_EQ(parse_script_line("#").error(), Errno::noexec);
}

TEST(Script, AnInterpreterThatIsCutOffIsRefusedAndAnArgumentIsNot) {
  const std::string name(exec_head_size - 2, 'x');
  EXPECT_EQ(parse_script_line("#!" + name).error(), Errno::noexec);
  EXPECT_EQ(parse_script_line("#!x " + std::string(exec_head_size - 4, 'y'))->argument.size(), exec_head_size - 4);
}

TEST(Script, ANulEndsTheLine) { EXPECT_EQ(parse_script_line(std::string_view("#!/a\0b\n", 7))->interpreter, "/a"); }

}  // namespace
}  // namespace cupel::libos
