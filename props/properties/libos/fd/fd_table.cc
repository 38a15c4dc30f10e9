#include "libos/fd/fd_table.hh"

#include <map>

#include "libos/fs/file_handle.hh"
#include "props/properties/chooser.hh"
#include "props/properties/sandbox.hh"

namespace cupel::props {
namespace {

using namespace libos;

constexpr uint32_t fds_max = 4;

// open, close and dup2 against a map. Numbers that are none are tried as well.
template <Chooser C>
void descriptors_are_the_lowest_free_ones(C& choose) {
  Sandbox sandbox;
  FileSystem& files = sandbox.machine().files();
  Ref<FdTable> table = *FdTable::create(sandbox.arena(), fds_max);
  Ref<Inode> inode = *files.create_nameless(*files.root(), sandbox.task().credentials, 0644);
  std::map<int32_t, OpenFile*> model;
  while (choose.more()) {
    const uint32_t action = choose.below(3);
    const auto number = static_cast<int32_t>(action == 0 ? 0 : choose.below(fds_max + 2)) - 1;
    Ref<OpenFile> file = *make_counted<FileHandle>(sandbox.arena(), files, inode, 0u);
    if (action == 0) {
      int32_t lowest = 0;
      while (model.contains(lowest)) ++lowest;
      const auto got = table->reserve();
      CLAIM(got == (lowest < static_cast<int32_t>(fds_max) ? Result<int32_t>(lowest) : fail(Errno::mfile)));
      if (!got) continue;
      table->put(*got, file, CloseOnExec::no);
      model[lowest] = file.get();
    } else if (action == 1) {
      CLAIM(table->close(RawFd(number)).has_value() == (model.erase(number) == 1));
    } else if (number >= 0) {
      const auto room = table->make_room(static_cast<uint32_t>(number));
      CLAIM(room.has_value() == (number < static_cast<int32_t>(fds_max)));
      if (!room) continue;
      table->put(number, file, CloseOnExec::yes);
      model[number] = file.get();
    }
    CLAIM(table->open_count() == model.size());
    for (int32_t each = -1; each <= static_cast<int32_t>(fds_max); ++each) {
      const auto found = table->get(RawFd(each));
      CLAIM(found.has_value() == model.contains(each));
      if (found) CLAIM(found->get() == model[each]);
    }
    table->check();
  }
}

CUPEL_PROPERTY(FdTable, descriptors_are_the_lowest_free_ones)

TEST(FdTable, EveryProgramOfThreeActionsHoldsToIt) {
  uint32_t programs = 0;
  for (ExhaustiveChooser choose(3); choose.next(); ++programs) descriptors_are_the_lowest_free_ones(choose);
  EXPECT_EQ(programs, 2197u);  // 13^3: fewer would mean that the choices have shrunk
}

}  // namespace
}  // namespace cupel::props
