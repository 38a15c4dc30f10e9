#include "platforms/snp/image/command_line.hh"

#include <gmock/gmock.h>

#include <array>
#include <string>
#include <vector>

namespace cupel::image {
namespace {

struct Words {
  std::vector<std::string> all;
  bool failed;
};

Words words_of(std::string_view text, size_t room_size = 16) {
  std::vector<char> room(room_size);
  CommandLine line(text);
  Words out;
  while (const auto word = line.next(room)) out.all.emplace_back(*word);
  out.failed = line.failed();
  return out;
}

TEST(CommandLine, WordsArePartedByBlanksAndDecoded) {
  const Words words = words_of("  sh -c echo%20a%25b  % last%41");
  EXPECT_THAT(words.all, testing::ElementsAre("sh", "-c", "echo a%b", "", "lastA"));
  EXPECT_FALSE(words.failed);
  EXPECT_TRUE(words_of("").all.empty());
  EXPECT_TRUE(words_of("   ").all.empty());
}

TEST(CommandLine, WhatIsNoNumberBehindAPercentSignFails) {
  for (const char* text : {"a%", "a%4", "%4g", "%g4", "%00", "x %4"}) EXPECT_TRUE(words_of(text).failed) << text;
}

TEST(CommandLine, AWordTooLongForItsRoomFailsAndNothingFollows) {
  EXPECT_THAT(words_of("abcd", 4).all, testing::ElementsAre("abcd"));
  const Words words = words_of("abcde f", 4);
  EXPECT_TRUE(words.failed);
  EXPECT_TRUE(words.all.empty());
}

}  // namespace
}  // namespace cupel::image
