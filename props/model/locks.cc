// flock.
#include <sys/file.h>

#include "props/model/rules.hh"

namespace cupel::props {
namespace {

constexpr uint32_t mandatory = 32;  // LOCK_MAND, which means nothing since Linux 5.17

// Files that are none have one inode together.
bool is_same_file(const World& world, InodeId one, InodeId other) {
  return one == other || (world.inodes[one].type == FileType::anonymous && world.inodes[other].type == FileType::anonymous);
}

bool is_held_against(const World& world, FileId id, FileLock wanted) {
  for (uint32_t index = 0; index < world.files.count(); ++index) {
    const OpenFile& other = world.files[FileId(index)];
    if (FileId(index) == id || other.references == 0 || other.lock == FileLock::none || !is_same_file(world, world.files[id].inode, other.inode)) continue;
    if (wanted == FileLock::exclusive || other.lock == FileLock::exclusive) return true;
  }
  return false;
}

}  // namespace

namespace rules {

Result<> flock(const Call& call, Allowed& allowed) {
  const auto operation = call.arg<uint32_t>(1);
  if ((operation & mandatory) != 0) return allowed.returns(0);
  FileLock wanted = FileLock::none;
  switch (operation & ~static_cast<uint32_t>(LOCK_NB)) {
    case LOCK_SH: wanted = FileLock::shared; break;
    case LOCK_EX: wanted = FileLock::exclusive; break;
    case LOCK_UN: break;
    default: return fail(Errno::inval);
  }
  const FileId id = TRY(call.file(0));
  const OpenFile& file = call.at(id);
  if (wanted != FileLock::none && !file.readable() && !file.writable()) return fail(Errno::badf);
  const auto becomes = [&](FileLock lock) { allowed.then([id, lock](World& world, const Actual&) { world.files[id].lock = lock; }); };
  if (wanted == FileLock::none || file.lock == wanted || !is_held_against(call.world, id, wanted)) {
    allowed.returns(0);
    becomes(wanted);
    return {};
  }
  // Who asks for the other kind has let go of the one he had.
  if ((operation & LOCK_NB) != 0) {
    allowed.fails_with_effect(Errno::again);
    becomes(FileLock::none);
    return {};
  }
  allowed.blocks();
  if (!call.resumed()) becomes(FileLock::none);
  return {};
}

}  // namespace rules
}  // namespace cupel::props
