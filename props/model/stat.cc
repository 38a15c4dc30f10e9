// stat, lstat, fstat, newfstatat.
#include <fcntl.h>
#include <sys/stat.h>

#include "props/model/rules.hh"
#include "props/model/walk.hh"

namespace cupel::props {
namespace {

// x86-64's struct stat, whose field names macros of <sys/stat.h> would rewrite.
struct StatBytes {
  uint64_t device;
  uint64_t number;
  uint64_t link_count;
  uint32_t mode;
  uint32_t user;
  uint32_t group;
  uint32_t padding;
  uint64_t special_device;
  uint64_t size;
  uint64_t block_size;
  uint64_t blocks;
  uint64_t times[6];
  uint64_t unused[3];
};
static_assert(sizeof(StatBytes) == 144);

uint32_t type_bits(FileType type) {
  switch (type) {
    case FileType::regular: return S_IFREG;
    case FileType::directory: return S_IFDIR;
    case FileType::symlink: return S_IFLNK;
    case FileType::pipe: return S_IFIFO;
    case FileType::anonymous: return 0;
  }
  return 0;
}

bool is_named(FileType type) { return type != FileType::pipe && type != FileType::anonymous; }

// The bytes of what is foretold, and in `mask` which these are.
StatBytes expected(const World& world, const Inode& inode, StatBytes& mask) {
  std::memset(&mask, 0xff, sizeof(mask));
  StatBytes stat{};
  const auto learned = [](const Learned& from, uint64_t& value, uint64_t& bits) {
    value = from.value;
    if (!from.known) bits = 0;
  };
  learned(inode.number, stat.number, mask.number);
  if (is_named(inode.type)) learned(world.device, stat.device, mask.device);
  else mask.device = 0;
  stat.link_count = inode.link_count;
  stat.mode = type_bits(inode.type) | inode.mode;
  mask.mode = ~inode.mode_unsure;
  stat.mode &= mask.mode;
  stat.user = inode.user;
  stat.group = inode.group;
  stat.size = inode.type == FileType::symlink ? inode.target.size() : static_cast<uint64_t>(inode.size);
  if (inode.type == FileType::directory) mask.size = 0;  // what a directory's size means is the file system's to say
  mask.block_size = mask.blocks = 0;
  for (size_t index = 0; index < 3; ++index) {
    const Stamp& stamp = inode.times[index];
    stat.times[2 * index] = stamp.seconds;
    stat.times[2 * index + 1] = stamp.nanoseconds;
    // Following a symbolic link is an access, and walks do not keep count.
    const bool is_link_access = index == 0 && inode.type == FileType::symlink;
    if (!stamp.known || is_link_access) mask.times[2 * index] = mask.times[2 * index + 1] = 0;
  }
  return stat;
}

// A bit that may have been cleared cannot have been set: the mask says nothing of that.
std::string inspect(const World& world, InodeId id, const StatBytes& stat) {
  const Inode& inode = world.inodes[id];
  if ((stat.mode & inode.mode_unsure & ~inode.mode) != 0) return "a mode bit that was never set";
  for (size_t index = 0; index < 3; ++index) {
    if (stat.times[2 * index + 1] >= 1'000'000'000) return "more nanoseconds than a second has";
  }
  if (stat.block_size == 0) return "a block size of zero";
  if (inode.number.known || !is_named(inode.type)) return "";
  for (uint32_t other = 0; other < world.inodes.count(); ++other) {
    const Inode& inode_there = world.inodes[InodeId(other)];
    const bool alive = inode_there.link_count > 0 && is_named(inode_there.type);
    if (InodeId(other) != id && alive && inode_there.number.known && inode_there.number.value == stat.number) {
      return "another file's inode number";
    }
  }
  return "";
}

void learn(World& world, InodeId id, const StatBytes& stat) {
  Inode& inode = world.inodes[id];
  inode.number.learn(stat.number);
  if (is_named(inode.type)) world.device.learn(stat.device);
  inode.mode = stat.mode & 07777;
  inode.mode_unsure = 0;
  for (size_t index = 0; index < 3; ++index) {
    inode.times[index] = {true, stat.times[2 * index], stat.times[2 * index + 1]};
  }
}

Result<> show(const Call& call, Allowed& allowed, InodeId id, uint64_t address) {
  TRY(call.can_store(allowed, address, sizeof(StatBytes)));
  StatBytes mask;
  const StatBytes stat = expected(call.world, call.at(id), mask);
  allowed.returns(0);
  allowed.writes(address, std::as_bytes(std::span(&stat, 1)), std::as_bytes(std::span(&mask, 1)));
  allowed.inspect([id, address](const World& world, const Actual& actual) {
    const auto seen = actual.number<StatBytes>(address);
    return seen ? inspect(world, id, *seen) : std::string();
  });
  allowed.then([id, address](World& world, const Actual& actual) {
    if (const auto seen = actual.number<StatBytes>(address)) learn(world, id, *seen);
  });
  return {};
}

}  // namespace

namespace rules {

Result<> stat(const Call& call, Allowed& allowed) {
  return show(call, allowed, TRY(inode_of(call, {}, TRY(call.path(0)), Follow::yes)), call.address(1));
}

Result<> lstat(const Call& call, Allowed& allowed) {
  return show(call, allowed, TRY(inode_of(call, {}, TRY(call.path(0)), Follow::no)), call.address(1));
}

Result<> fstat(const Call& call, Allowed& allowed) {
  return show(call, allowed, call.at(TRY(call.file(0, true))).inode, call.address(1));
}

Result<> newfstatat(const Call& call, Allowed& allowed) {
  constexpr uint32_t sync_type = 0x6000;  // AT_STATX_SYNC_TYPE
  const auto flags = call.arg<uint32_t>(3);
  const bool empty_too = (flags & AT_EMPTY_PATH) != 0;
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | sync_type)) != 0) {
    allowed.may_fail(Errno::inval);
    // Since Linux 6.11, a descriptor alone is looked at before the flags are.
    if (!empty_too || call.arg<int32_t>(0) < 0) return {};
    if (call.address(1) != 0 && !TRY(call.path(1, true)).empty()) return {};
  }
  // Since Linux 6.11 no path at all is as good as an empty one.
  const bool none = empty_too && call.address(1) == 0;
  if (none) allowed.may_fail(Errno::fault);
  const std::string_view path = none ? std::string_view() : TRY(call.path(1, empty_too));
  if (path.empty()) return show(call, allowed, TRY(start_of(call, 0, path)), call.address(2));
  const Follow follow = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::no : Follow::yes;
  return show(call, allowed, TRY(inode_of(call, 0, path, follow)), call.address(2));
}

}  // namespace rules
}  // namespace cupel::props
