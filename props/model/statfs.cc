// statfs, fstatfs.
#include <linux/magic.h>

#include <algorithm>

#include "props/model/rules.hh"
#include "props/model/walk.hh"

namespace cupel::props {
namespace {

struct StatfsBytes {
  uint64_t type, block_size, blocks, free, available, files, files_free, id, name_max, fragment_size, flags, spare[4];
};
static_assert(sizeof(StatfsBytes) == 120);
constexpr uint64_t longest_name = 255;

std::string inspect(FileType type, const StatfsBytes& seen) {
  if (seen.free > seen.blocks || seen.available > seen.free) return "more blocks free than there are";
  if (seen.files_free > seen.files) return "more files free than there are";
  if (seen.block_size == 0 || seen.fragment_size == 0) return "blocks of no size";
  if (seen.name_max != longest_name) return "names of another length";
  if (std::ranges::any_of(seen.spare, [](uint64_t word) { return word != 0; })) return "something in the spare words";
  const bool is_pipe = type == FileType::pipe, is_anonymous = type == FileType::anonymous;
  if ((seen.type == PIPEFS_MAGIC) != is_pipe || (seen.type == ANON_INODE_FS_MAGIC) != is_anonymous) return "another kind of file system";
  if ((is_pipe || is_anonymous) && seen.blocks != 0) return "blocks of a file system that has none";
  if (!is_pipe && !is_anonymous && seen.blocks == 0) return "no blocks";
  return "";
}

// How much there is, and of what, is the machine's to say; it must make sense.
Result<> show(const Call& call, Allowed& allowed, InodeId inode) {
  const uint64_t address = call.address(1);
  TRY(call.can_store(allowed, address, sizeof(StatfsBytes)));
  allowed.returns(0);
  allowed.writes_anything(address, sizeof(StatfsBytes));
  allowed.inspect([address, type = call.at(inode).type](const World&, const Actual& actual) {
    const auto seen = actual.number<StatfsBytes>(address);
    return seen ? inspect(type, *seen) : std::string();
  });
  return {};
}

}  // namespace

namespace rules {

Result<> statfs(const Call& call, Allowed& allowed) { return show(call, allowed, TRY(inode_of(call, {}, TRY(call.path(0)), Follow::yes))); }
Result<> fstatfs(const Call& call, Allowed& allowed) { return show(call, allowed, call.at(TRY(call.file(0, true))).inode); }

}  // namespace rules
}  // namespace cupel::props
