// stat, lstat, fstat, newfstatat, statx.
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

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

// struct statx, with each time stamp's nanoseconds as wide as the room they have.
struct StatxBytes {
  uint32_t known;
  uint32_t block_size;
  uint64_t attributes;
  uint32_t link_count;
  uint32_t user;
  uint32_t group;
  uint16_t mode;
  uint16_t padding;
  uint64_t number;
  uint64_t size;
  uint64_t blocks;
  uint64_t attributes_known;
  uint64_t times[8];  // of access, birth, change, modification
  uint32_t special_major, special_minor, major, minor;
  uint64_t others[14];
};
static_assert(sizeof(StatxBytes) == 256);
constexpr uint32_t change_times = STATX_MTIME | STATX_CTIME;
constexpr size_t statx_times[3] = {0, 6, 4};  // where those of StatBytes are

StatBytes plain(const StatBytes& stat) { return stat; }
StatBytes plain(const StatxBytes& from) {
  StatBytes stat{.device = gnu_dev_makedev(from.major, from.minor), .number = from.number, .link_count = from.link_count, .mode = from.mode,
                 .user = from.user, .group = from.group, .padding = 0, .special_device = gnu_dev_makedev(from.special_major, from.special_minor),
                 .size = from.size, .block_size = from.block_size, .blocks = from.blocks, .times = {}, .unused = {}};
  for (size_t index = 0; index < 3; ++index) std::memcpy(&stat.times[2 * index], &from.times[statx_times[index]], 2 * sizeof(uint64_t));
  return stat;
}

void put(const StatBytes& stat, StatBytes& out) { out = stat; }
// What struct stat does not have is zero, which as a mask says nothing of it.
void put(const StatBytes& stat, StatxBytes& out) {
  out = {};
  out.known = STATX_BASIC_STATS & ~change_times;
  out.block_size = static_cast<uint32_t>(stat.block_size);
  out.link_count = static_cast<uint32_t>(stat.link_count);
  out.user = stat.user, out.group = stat.group;
  out.mode = static_cast<uint16_t>(stat.mode);
  out.number = stat.number, out.size = stat.size, out.blocks = stat.blocks;
  out.special_major = gnu_dev_major(stat.special_device), out.special_minor = gnu_dev_minor(stat.special_device);
  out.major = gnu_dev_major(stat.device), out.minor = gnu_dev_minor(stat.device);
  for (size_t index = 0; index < 3; ++index) std::memcpy(&out.times[statx_times[index]], &stat.times[2 * index], 2 * sizeof(uint64_t));
}

bool tells_changes(const StatBytes&) { return true; }
bool tells_changes(const StatxBytes& stat) { return (stat.known & change_times) == change_times; }

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
    const Stamp& stamp = inode.times[index];
    const bool is_link_access = index == 0 && inode.type == FileType::symlink;
    if (stamp.known || is_link_access || inode.type == FileType::anonymous) continue;  // what has no name has the times of the machine's start, or none
    const uint64_t shown = stat.times[2 * index] * 1'000'000'000 + stat.times[2 * index + 1];
    if (shown < stamp.within.from) return "a time stamp from before what it is to show";
    if (shown > stamp.within.to) return "a time stamp from after what it is to show";
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

void learn(World& world, InodeId id, const StatBytes& stat, bool changes_shown) {
  Inode& inode = world.inodes[id];
  inode.number.learn(stat.number);
  if (is_named(inode.type)) world.device.learn(stat.device);
  inode.mode = stat.mode & 07777;
  inode.mode_unsure = 0;
  for (size_t index = 0; index < (changes_shown ? 3u : 1u); ++index) {
    inode.times[index] = {true, stat.times[2 * index], stat.times[2 * index + 1]};
  }
}

// `changes_shown`: who does not ask when a file was changed, does not have to be told (since Linux 6.13).
template <class Layout = StatBytes>
Result<> show(const Call& call, Allowed& allowed, InodeId id, uint64_t address, bool changes_shown = true) {
  TRY(call.can_store(allowed, address, sizeof(Layout)));
  StatBytes foretold;
  Layout stat, mask;
  put(expected(call.world, call.at(id), foretold), stat);
  if (!changes_shown) std::ranges::fill(std::span(foretold.times).subspan(2), 0);
  put(foretold, mask);
  allowed.returns(0);
  allowed.writes(address, std::as_bytes(std::span(&stat, 1)), std::as_bytes(std::span(&mask, 1)));
  allowed.inspect([=](const World& world, const Actual& actual) {
    const auto seen = actual.number<Layout>(address);
    if (!seen) return std::string();
    if (changes_shown && !tells_changes(*seen)) return std::string("asked when the file was changed, it does not say");
    return inspect(world, id, plain(*seen));
  });
  allowed.then([=](World& world, const Actual& actual) {
    if (const auto seen = actual.number<Layout>(address)) learn(world, id, plain(*seen), changes_shown);
  });
  return {};
}

constexpr uint32_t sync_type = 0x6000;  // AT_STATX_SYNC_TYPE

// What argument 0 and the path behind it name.
template <class Layout>
Result<> show_at(const Call& call, Allowed& allowed, uint32_t flags, uint64_t address, bool changes_shown = true) {
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
  if (path.empty()) return show<Layout>(call, allowed, TRY(start_of(call, 0, path)), address, changes_shown);
  const Follow follow = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::no : Follow::yes;
  return show<Layout>(call, allowed, TRY(inode_of(call, 0, path, follow)), address, changes_shown);
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

Result<> newfstatat(const Call& call, Allowed& allowed) { return show_at<StatBytes>(call, allowed, call.arg<uint32_t>(3), call.address(2)); }

Result<> statx(const Call& call, Allowed& allowed) {
  const auto flags = call.arg<uint32_t>(2);
  const auto wanted = call.arg<uint32_t>(3);
  if ((wanted & STATX__RESERVED) != 0 || (flags & sync_type) == sync_type) return fail(Errno::inval);
  return show_at<StatxBytes>(call, allowed, flags, call.address(4), (wanted & change_times) != 0);
}

}  // namespace rules
}  // namespace cupel::props
