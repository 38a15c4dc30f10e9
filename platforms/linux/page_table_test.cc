#include "platforms/linux/page_table.hh"

#include <gtest/gtest.h>

#include <vector>

namespace cupel::on_linux {
namespace {

using platform::Access;
constexpr Access read_write = Access::read | Access::write;

class LinuxPageTable : public testing::Test {
 protected:
  std::byte* frame(size_t index) { return memory.data() + index * page_size; }
  struct alignas(page_size) Page {
    std::byte bytes[page_size];
  };
  std::vector<Page> pages{64};
  std::span<std::byte> memory{pages[0].bytes, pages.size() * page_size};
  TablePool pool{frame(8), 56};
  PageTable table{pool};
};

TEST_F(LinuxPageTable, WhatIsSetIsFoundAndItsNeighboursAreNot) {
  ASSERT_TRUE(table.set(0x4'0000'0123, {frame(1), read_write, true}));
  const auto found = table.find(0x4'0000'0123);
  EXPECT_EQ(found.frame, frame(1));
  EXPECT_EQ(found.access, read_write);
  EXPECT_TRUE(found.in_host);
  EXPECT_EQ(table.find(0x4'0000'0122).frame, nullptr);
  EXPECT_EQ(table.find(0x123).frame, nullptr);
}

TEST_F(LinuxPageTable, ARangeVisitsExactlyWhatIsInItInOrder) {
  for (const uint64_t page : {5u, 511u, 512u, 0x40000u, 0x40001u}) ASSERT_TRUE(table.set(page, {frame(0), Access::read, false}));
  std::vector<uint64_t> seen;
  table.each(6, 0x40000 - 6 + 1, [&](uint64_t page, PageTable::Entry&) { seen.push_back(page); });
  EXPECT_EQ(seen, (std::vector<uint64_t>{511, 512, 0x40000}));
}

TEST_F(LinuxPageTable, AVisitMayChangeAndRemove) {
  ASSERT_TRUE(table.set(7, {frame(0), read_write, true}));
  ASSERT_TRUE(table.set(8, {frame(1), read_write, true}));
  table.each(0, UINT64_MAX >> 12, [&](uint64_t page, PageTable::Entry& entry) {
    if (page == 7) entry.frame = nullptr;
    entry.access = Access::read;
  });
  EXPECT_EQ(table.find(7).frame, nullptr);
  EXPECT_EQ(table.find(8).access, Access::read);
}

TEST_F(LinuxPageTable, AFullPoolIsSaidAndClearingGivesEverythingBack) {
  uint64_t page = 0;
  while (table.set(page, {frame(0), Access::read, false})) page += uint64_t{1} << 27;
  EXPECT_EQ(pool.taken(), 56u);
  EXPECT_EQ(table.find(page).frame, nullptr);
  table.clear();
  EXPECT_EQ(pool.taken(), 0u);
  EXPECT_EQ(table.find(0).frame, nullptr);
  EXPECT_TRUE(table.set(0, {frame(0), Access::read, false}));
}

}  // namespace
}  // namespace cupel::on_linux
