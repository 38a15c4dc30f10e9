// lseek.
#include <unistd.h>

#include "props/model/rules.hh"

namespace cupel::props::rules {
namespace {

constexpr uint32_t seek_data = 3;
constexpr uint32_t seek_hole = 4;

Result<> seek_directory(const Call& call, Allowed& allowed, FileId id, int64_t offset, uint32_t whence) {
  const OpenFile& file = call.at(id);
  if (whence != SEEK_SET && whence != SEEK_CUR) return fail(Errno::inval);
  if (whence == SEEK_SET && offset < 0) return fail(Errno::inval);
  if (whence == SEEK_CUR && file.offset.known) {
    if (__builtin_add_overflow(static_cast<int64_t>(file.offset.value), offset, &offset) || offset < 0) return fail(Errno::inval);
    whence = SEEK_SET;
  }
  if (whence == SEEK_SET) {
    allowed.returns(offset);
  } else {
    // A cookie we have not seen: where it leads is the file system's business.
    if (offset != 0) allowed.may_fail(Errno::inval);
    allowed.returns(0, INT64_MAX);
  }
  const bool stays = whence == SEEK_CUR && offset == 0;
  allowed.then([id, stays](World& world, const Actual& actual) {
    OpenFile& directory = world.files[id];
    const auto to = static_cast<uint64_t>(actual.value);
    if (!stays && !(directory.offset.known && directory.offset.value == to)) {
      directory.listed.clear();
      directory.rewound_at = world.entry_serial + 1;
      directory.listing_unsure = to != 0;
    }
    directory.offset.learn(to);
  });
  return {};
}

// Where data and holes are is known to the file system alone; between these bounds it must be.
Result<> seek_data_or_hole(const Call&, Allowed& allowed, FileId id, int64_t offset, int64_t size, bool data) {
  if (offset < 0 || offset >= size) return fail(Errno::nxio);
  if (data) allowed.may_fail(Errno::nxio);
  allowed.returns(offset, data ? size - 1 : size);
  allowed.then([id](World& world, const Actual& actual) { world.files[id].offset.value = static_cast<uint64_t>(actual.value); });
  return {};
}

}  // namespace

Result<> lseek(const Call& call, Allowed& allowed) {
  const FileId id = TRY(call.file(0));
  const auto offset = call.arg<int64_t>(1);
  const auto whence = call.arg<uint32_t>(2);
  const OpenFile& file = call.at(id);
  const Inode& inode = call.at(file.inode);
  if (whence > seek_hole) return fail(Errno::inval);
  if (file.pipe != PipeId::none) return fail(Errno::spipe);
  if (file.is_nameless()) return allowed.returns(0);
  if (inode.type == FileType::directory) return seek_directory(call, allowed, id, offset, whence);
  if (whence == seek_data || whence == seek_hole) {
    return seek_data_or_hole(call, allowed, id, offset, inode.size, whence == seek_data);
  }
  const int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_END ? inode.size : static_cast<int64_t>(file.offset.value);
  int64_t target;
  if (__builtin_add_overflow(base, offset, &target) || target < 0) return fail(Errno::inval);
  allowed.returns(target);
  allowed.then([id, target](World& world, const Actual&) { world.files[id].offset.value = static_cast<uint64_t>(target); });
  return {};
}

}  // namespace cupel::props::rules
