// truncate, ftruncate, fallocate, fsync, fdatasync, syncfs, sync_file_range.
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>

#include "props/model/rules.hh"
#include "props/model/walk.hh"

namespace cupel::props {
namespace {

constexpr int64_t allocation_sure = 1 << 20;  // bytes; for more, there may be no room

Result<> set_size(const Call& call, Allowed& allowed, InodeId id, int64_t size) {
  if (size > call.at(id).size && size > call.file_size_max()) return fail(Errno::fbig);
  allowed.returns(0);
  allowed.then([id, size](World& world, const Actual&) { world.resize(id, size); });
  return {};
}

}  // namespace

namespace rules {

Result<> truncate(const Call& call, Allowed& allowed) {
  const auto size = call.arg<int64_t>(1);
  if (size < 0) return fail(Errno::inval);
  const InodeId inode = TRY(inode_of(call, {}, TRY(call.path(0)), Follow::yes));
  if (call.at(inode).type == FileType::directory) return fail(Errno::isdir);
  return set_size(call, allowed, inode, size);
}

Result<> ftruncate(const Call& call, Allowed& allowed) {
  const auto size = call.arg<int64_t>(1);
  if (size < 0) return fail(Errno::inval);
  const OpenFile& file = call.at(TRY(call.file(0)));
  if (call.at(file.inode).type != FileType::regular || !file.writable()) return fail(Errno::inval);
  return set_size(call, allowed, file.inode, size);
}

Result<> fallocate(const Call& call, Allowed& allowed) {
  const OpenFile& file = call.at(TRY(call.file(0)));
  const auto mode = call.arg<uint32_t>(1);
  const auto offset = call.arg<int64_t>(2);
  const auto size = call.arg<int64_t>(3);
  if (offset < 0 || size <= 0) return fail(Errno::inval);
  const bool plain = (mode & ~static_cast<uint32_t>(FALLOC_FL_KEEP_SIZE)) == 0;
  const bool punch = mode == (FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE);
  if (!plain) allowed.may_fail(Errno::opnotsupp);  // no file system has to have these
  if (!file.writable()) return fail(Errno::badf);
  switch (call.at(file.inode).type) {
    case FileType::regular: break;
    case FileType::pipe: return fail(Errno::spipe);
    case FileType::directory: return fail(Errno::isdir);
    default: return fail(Errno::nodev);
  }
  int64_t end;
  if (__builtin_add_overflow(offset, size, &end)) return fail(Errno::fbig);
  if (static_cast<uint64_t>(end) > call.world.bounds.config.file_size_max) return fail(Errno::fbig);
  if (!plain && !punch) return {};
  if (plain && end > call.at(file.inode).size && end > call.file_size_max()) return fail(Errno::fbig);
  if (plain && size > allocation_sure) allowed.may_fail({Errno::nospc, Errno::nomem});
  allowed.returns(0);
  allowed.then([=, id = file.inode](World& world, const Actual&) {
    Inode& inode = world.inodes[id];
    if (punch) inode.bytes.zero(static_cast<uint64_t>(offset), static_cast<uint64_t>(end));
    if (mode == 0 && end > inode.size) inode.size = end;
    inode.touch(modify_time | change_time, world.moment);
    inode.mode_unsure |= S_ISUID | S_ISGID;
  });
  return {};
}

Result<> fsync(const Call& call, Allowed& allowed) {
  const FileType type = call.at(call.at(TRY(call.file(0))).inode).type;
  if (type == FileType::pipe || type == FileType::anonymous) return fail(Errno::inval);
  return allowed.returns(0);
}

Result<> fdatasync(const Call& call, Allowed& allowed) { return fsync(call, allowed); }

Result<> syncfs(const Call& call, Allowed& allowed) {
  static_cast<void>(TRY(call.file(0)));
  return allowed.returns(0);
}

Result<> sync_file_range(const Call& call, Allowed& allowed) {
  const FileType type = call.at(call.at(TRY(call.file(0))).inode).type;
  const auto offset = call.arg<int64_t>(1), size = call.arg<int64_t>(2);
  if ((call.arg<uint32_t>(3) & ~7u) != 0) return fail(Errno::inval);
  if (offset < 0 || size < 0 || size > INT64_MAX - offset) return fail(Errno::inval);
  if (type == FileType::pipe || type == FileType::anonymous) return fail(Errno::spipe);
  return allowed.returns(0);
}

}  // namespace rules
}  // namespace cupel::props
