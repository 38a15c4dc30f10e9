#include "platforms/mock/page_table.hh"

#include <gtest/gtest.h>

#include <map>

#include "platforms/mock/chance.hh"

namespace cupel::mock {
namespace {

using platform::Access;

// Pages that collide often, so that displaced entries and gaps between them occur.
TEST(PageTable, AgreesWithAnOrderedMapOverManyRandomChanges) {
  PageTable table;
  std::map<uint64_t, std::byte*> model;
  std::array<std::byte, 8> frames;
  uint64_t state = 1;
  for (int step = 0; step < 20'000; ++step) {
    const uint64_t chance = splitmix64(state);
    const uint64_t page = chance % 300;
    std::byte* frame = &frames[chance >> 32 & 7];
    switch (chance >> 40 & 3) {
      case 0:
      case 1:
        table.install(page, frame, Access::read);
        model[page] = frame;
        break;
      case 2: {
        const uint64_t count = chance >> 44 & 7;
        table.remove(page, count);
        model.erase(model.lower_bound(page), model.lower_bound(page + count));
        break;
      }
      case 3: {
        const auto* entry = table.find(page);
        ASSERT_EQ(entry != nullptr, model.contains(page));
        if (entry != nullptr) ASSERT_EQ(entry->frame, model[page]);
        break;
      }
    }
    ASSERT_EQ(table.count(), model.size());
  }
}

TEST(PageTable, ARangeWithoutBoundIsRemovedAtOnce) {
  PageTable table;
  std::byte frame;
  for (uint64_t page = 0; page < 100; ++page) table.install(page * 1000, &frame, Access::read);
  table.protect(5000, UINT64_MAX / 2, Access::none);
  EXPECT_EQ(table.find(4000)->access, Access::read);
  EXPECT_EQ(table.find(5000)->access, Access::none);
  table.remove(5000, UINT64_MAX / 2);
  EXPECT_EQ(table.count(), 5u);
}

TEST(PageTable, LosingAMarkedPageIsNoticedAndOtherChangesAreNot) {
  std::array<std::byte, 2> frames;
  const auto marked = [&] {
    PageTable table;
    for (uint64_t page = 0; page < 20; ++page) table.install(page, &frames[0], Access::read);
    table.mark();
    return table;
  };
  PageTable kept = marked();
  for (uint64_t page = 20; page < 200; ++page) kept.install(page, &frames[1], Access::read);  // grows
  kept.install(3, &frames[0], Access::none);
  kept.remove(20, 1000);
  EXPECT_TRUE(kept.marks_intact());
  PageTable replaced = marked(), removed = marked(), cleared = marked();
  replaced.install(3, &frames[1], Access::read);
  removed.remove(3, 1);
  cleared.clear();
  EXPECT_FALSE(replaced.marks_intact());
  EXPECT_FALSE(removed.marks_intact());
  EXPECT_FALSE(cleared.marks_intact());
}

}  // namespace
}  // namespace cupel::mock
