#include "cli/duration.hh"

#include <gtest/gtest.h>

namespace cupel::cli {
namespace {

using std::chrono::milliseconds;

TEST(ParseDuration, KnowsItsUnits) {
  EXPECT_EQ(parse_duration("90"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("2h"), milliseconds(7'200'000));
}

TEST(ParseDuration, RefusesWhatIsNotOneAndSaysWhatToWrite) {
  for (const char* text : {"", "s", "-1s", "5 minutes", "99999999999999999999s", "4d"}) {
    auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_NE(duration.error().find("write 90s"), std::string::npos);
  }
}

}  // namespace
}  // namespace cupel::cli
