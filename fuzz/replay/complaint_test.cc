#include "fuzz/replay/complaint.hh"

#include <gtest/gtest.h>

namespace cupel::fuzz {
namespace {

TEST(Complaint, AddressSanitizersReportNamesItsKindAndTheFirstFrameThatIsOurs) {
  const auto complaint = read_complaint(
      "INFO: Seed: 1\n==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x602 at pc 0x55\n"
      "    #0 0x55d in memcpy (/usr/bin/x+0x1)\n"
      "    #1 0x55e in std::span<int>::front() /usr/include/c++/12/span:200:9\n"
      "    #2 0x55f in cupel::libos::Mapping::cut(unsigned long) /home/me/cupel/libos/mm/mapping.cc:112:9\n"
      "    #3 0x560 in cupel::libos::unmap() /home/me/cupel/libos/mm/address_space.cc:40:3\n");
  EXPECT_EQ(complaint.oracle, "sanitizer");
  EXPECT_EQ(complaint.kind, "heap-use-after-free");
  EXPECT_EQ(complaint.place, "libos/mm/mapping.cc:112");
}

TEST(Complaint, UndefinedBehaviourIsNamedByItsOwnLine) {
  const auto complaint = read_complaint("/a/b/shims/linux/syscalls/time.cc:31:18: runtime error: signed integer overflow: 1 + 2\n    #0 0x1 in f /a/b/libos/x.cc:1:1\n");
  EXPECT_EQ(complaint.kind, "undefined");
  EXPECT_EQ(complaint.place, "shims/linux/syscalls/time.cc:31");
}

TEST(Complaint, AFailedCheckIsOfTheInvariants) {
  const auto complaint = read_complaint("/a/libos/fs/inode.cc:77: CHECK failed: links_ > 0\n");
  EXPECT_EQ(complaint.oracle, "invariants");
  EXPECT_EQ(complaint.place, "libos/fs/inode.cc:77");
  EXPECT_NE(complaint.line.find("links_ > 0"), std::string::npos);
}

TEST(Complaint, WhatAnOracleSaidIsTakenOverWhole) {
  const auto complaint = read_complaint("#1 INITED\nCUPEL-FINDING oracle=model\n  call: 3: read(r0)\n  expected: 4\n  got: 5\n==9== ERROR: libFuzzer: deadly signal\n");
  EXPECT_EQ(complaint.oracle, "model");
  EXPECT_EQ(complaint.call, "3: read(r0)");
  EXPECT_EQ(complaint.expected, "4");
  EXPECT_EQ(complaint.got, "5");
}

TEST(Complaint, ATimeoutIsOfLiveness) { EXPECT_EQ(read_complaint("==1== ERROR: libFuzzer: timeout after 20 seconds\n").oracle, "liveness"); }

TEST(Complaint, AnythingElseGivesItsFirstLine) {
  const auto complaint = read_complaint("Segmentation fault\nmore");
  EXPECT_EQ(complaint.line, "Segmentation fault");
  EXPECT_TRUE(complaint.place.empty());
}

TEST(Complaint, NothingSaidIsNothingRead) { EXPECT_TRUE(read_complaint("").line.empty()); }

}  // namespace
}  // namespace cupel::fuzz
