#include "platforms/linux/patch/site.hh"

#include <gtest/gtest.h>

#include <vector>

namespace cupel::on_linux {
namespace {

using Code = std::vector<unsigned>;

// Forty nops, which every reading falls into step with, then the code, then `syscall`.
std::optional<Movable> ask(const Code& code) {
  std::vector<std::byte> bytes(40, std::byte{0x90});
  for (const unsigned part : code) bytes.push_back(static_cast<std::byte>(part));
  bytes.push_back(std::byte{0x0f}), bytes.push_back(std::byte{0x05});
  return movable_before(bytes);
}

TEST(CallSite, LoadingTheNumberMakesRoomForAJump) {
  const auto found = ask({0xb8, 0x6e, 0, 0, 0});  // mov eax, 110
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->size, 5u);
  EXPECT_TRUE(found->loads_number);
  EXPECT_EQ(found->number, 110u);
}

TEST(CallSite, AnyLongLoadOfARegisterWillDo) {
  const auto found = ask({0x4c, 0x8b, 0x4c, 0x24, 0x08});  // mov r9, [rsp + 8]: libc's syscall()
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->loads_number);
  EXPECT_TRUE(ask({0x48, 0xc7, 0xc0, 0x6e, 0, 0, 0}).has_value());  // mov rax, 110
}

TEST(CallSite, TooShortAnInstructionIsLeftAlone) { EXPECT_FALSE(ask({0x31, 0xc0}).has_value()); }  // xor eax, eax: read(2)

TEST(CallSite, WhatDependsOnItsAddressIsLeftAlone) {
  EXPECT_FALSE(ask({0x48, 0x8b, 0x05, 1, 0, 0, 0}).has_value());  // mov rax, [rip + 1]
  EXPECT_FALSE(ask({0xe8, 0, 0, 0, 0}).has_value());              // call
  EXPECT_FALSE(ask({0xe9, 0, 0, 0, 0}).has_value());              // jmp
  EXPECT_FALSE(ask({0x0f, 0x84, 0, 0, 0, 0}).has_value());        // je
}

TEST(CallSite, WhereTwoReadingsDisagreeNothingIsMoved) {
  // Pairs of mov al, 0xb0 never fall into step: read from an even byte they end before mov r8d, 110; from an odd one the last
  // of them takes its first byte, which leaves mov eax, 110.
  Code code(40, 0xb0);
  code.insert(code.end(), {0x41, 0xb8, 0x6e, 0, 0, 0});
  EXPECT_FALSE(ask(code).has_value());
  EXPECT_TRUE(ask({0x41, 0xb8, 0x6e, 0, 0, 0}).has_value());
}

TEST(CallSite, WhatIsNoCallIsNoSite) {
  const std::vector<std::byte> nops(50, std::byte{0x90});
  EXPECT_FALSE(movable_before(nops).has_value());
  EXPECT_FALSE(movable_before({}).has_value());
}

TEST(CallSite, AJumpReachesTwoGibibytesAndNoFurther) {
  EXPECT_TRUE(jump_from(0x1000, 0x1000 + 5 + 0x7fff'ffffull, 5).has_value());
  EXPECT_FALSE(jump_from(0x1000, 0x1000 + 5 + 0x8000'0000ull, 5).has_value());
  EXPECT_TRUE(jump_from(0x9000'0000, 0x9000'0005 - 0x8000'0000ull, 7).has_value());
}

}  // namespace
}  // namespace cupel::on_linux
