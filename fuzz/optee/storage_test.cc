#include <gtest/gtest.h>

#include <string>

#include "fuzz/target.hh"

namespace cupel::fuzz {
namespace {

std::string trace_of(const std::string& text) {
  const auto target = find_target("optee_storage")->make();
  const auto input = target->parse(text);
  EXPECT_TRUE(input.has_value()) << input.error();
  return input ? target->trace(input->bytes) : "";
}

const std::string two_objects = "create ta=0 id=0 flags=7 size=100\ncreate ta=1 id=1 flags=7 size=64\n";

// Every write of every call is a moment at which power may fail; the target's model takes all of the old or all of the new.
TEST(OpteeStorage, PowerMayFailAtEveryWriteAndAllIsOldOrAllIsNew) {
  const std::string calls[] = {"write ta=0 handle=0 size=50\n", "truncate ta=0 handle=0 size=10\n", "rename ta=0 handle=0 id=3\n", "remove ta=0 handle=0\n", "create ta=0 id=2 flags=7 size=30\n",
                               "close ta=0 handle=0\ncreate ta=0 id=0 flags=0x407 size=900\n"};
  unsigned cuts = 0;
  for (const std::string& call : calls) {
    for (unsigned write = 0; write < 6; ++write) {
      const std::string trace = trace_of(two_objects + "cut write=" + std::to_string(write) + "\n" + call + "restart\n");
      EXPECT_EQ(trace.find("VIOLATION"), std::string::npos) << trace;
      EXPECT_NE(trace.find("restart = started"), std::string::npos) << trace;
      if (trace.find("power cut, started") != std::string::npos) ++cuts;
    }
  }
  EXPECT_GE(cuts, 16u);  // fewer would mean that calls write less than they must
}

TEST(OpteeStorage, AnOlderImageOfAllFilesIsRefused) {
  const std::string trace = trace_of(two_objects + "write ta=0 handle=0 size=50\nroll_back_all ago=2\nrestart\n");
  EXPECT_NE(trace.find("restart = not available"), std::string::npos) << trace;
  EXPECT_EQ(trace.find("VIOLATION"), std::string::npos) << trace;
}

TEST(OpteeStorage, AnHonestSupplicantKeepsWhatIsWritten) {
  const std::string trace = trace_of(two_objects + "write ta=0 handle=0 size=50\nseek ta=0 handle=0 offset=0 whence=0\nread ta=0 handle=0 size=100\nrestart\nopen ta=0 id=0 flags=1\nread ta=0 handle=0 size=100\n");
  EXPECT_EQ(trace.find("0xf"), std::string::npos) << trace;
  EXPECT_EQ(trace.find("VIOLATION"), std::string::npos) << trace;
}

}  // namespace
}  // namespace cupel::fuzz
