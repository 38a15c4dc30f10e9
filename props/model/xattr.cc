// setxattr, getxattr, listxattr, removexattr, each with its kin: xattr(7).
#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <set>

#include "props/model/rules.hh"
#include "props/model/walk.hh"

namespace cupel::props {
namespace {

constexpr uint64_t value_max = 65536;
constexpr size_t name_max = 255;

// At most so long; an empty one is none.
Result<std::string_view> name_of(const Call& call, size_t index) {
  const auto name = call.path(index, true);
  if (!name) {
    const bool is_there = call.readable(call.address(index), name_max + 1) == name_max + 1;
    return fail(name.error() == Errno::nametoolong || is_there ? Errno::range : name.error());
  }
  return name->empty() || name->size() > name_max ? fail(Errno::range) : name;
}

// The file: of the path or the descriptor that is the first argument.
enum class Named : uint8_t { path, link, descriptor };
Result<InodeId> file_of(const Call& call, Allowed& allowed, Named how) {
  if (how == Named::descriptor && call.arg<int32_t>(0) == AT_FDCWD) {
    allowed.may_fail(Errno::badf);  // before Linux 6.13
    return call.world.contexts[call.task.fs].cwd;
  }
  if (how == Named::descriptor) return call.at(TRY(call.file(0))).inode;
  return inode_of(call, {}, TRY(call.path(0)), how == Named::path ? Follow::yes : Follow::no);
}

enum class Access : uint8_t { read, write };

// Programs have `user.`, of regular files and directories. `trusted.` and `security.` are for the machine's administrator, who is
// not here: they can be neither made nor seen.
Result<> check_name(const Call& call, InodeId id, std::string_view name, Access access) {
  const FileType type = call.at(id).type;
  const bool has_any = type != FileType::pipe && type != FileType::anonymous;
  const bool reads = access == Access::read;
  if (name.starts_with("trusted.")) return fail(reads ? Errno::nodata : Errno::perm);
  if (name.starts_with("security.")) {
    if (!reads) return fail(type == FileType::anonymous ? Errno::opnotsupp : Errno::perm);
    if (!has_any) return fail(Errno::opnotsupp);
    return fail(name == "security." ? Errno::inval : Errno::nodata);
  }
  if (!name.starts_with("user.")) return fail(Errno::opnotsupp);
  if (type != FileType::regular && type != FileType::directory) return fail(reads ? Errno::nodata : Errno::perm);
  return name == "user." ? fail(Errno::inval) : Result<>{};
}

// The owner of what is no file may be one whom the caller's namespace does not know: then it may neither be changed nor read.
void bound_anonymous(const Call& call, Allowed& allowed, InodeId id, Errno error) {
  if (call.at(id).type == FileType::anonymous && call.world.bounds.failures_show) allowed.may_fail(error);
}

Result<> set(const Call& call, Allowed& allowed, Named how) {
  const auto flags = call.arg<uint32_t>(4);
  if ((flags & ~static_cast<uint32_t>(XATTR_CREATE | XATTR_REPLACE)) != 0) return fail(Errno::inval);
  const std::string_view name = TRY(name_of(call, 1));
  const auto size = call.arg<uint64_t>(3);
  if (size > value_max) return fail(Errno::too_big);
  if (call.readable(call.address(2), size) < size) return fail(Errno::fault);
  const InodeId id = TRY(file_of(call, allowed, how));
  bound_anonymous(call, allowed, id, Errno::perm);
  TRY(check_name(call, id, name, Access::write));
  const bool is_there = call.at(id).attributes.contains(name);
  if (is_there && (flags & XATTR_CREATE) != 0) return fail(Errno::exist);
  if (!is_there && (flags & XATTR_REPLACE) != 0) return fail(Errno::nodata);
  const Piece value{call.address(2), size};
  allowed.returns(0);
  allowed.then([id, name, bytes = call.load(std::span(&value, 1), size)](World& world, const Actual&) {
    world.inodes[id].attributes[std::string(name)].assign(bytes.begin(), bytes.end());
    world.inodes[id].touch(change_time, world.moment);
  });
  return {};
}

Result<> get(const Call& call, Allowed& allowed, Named how) {
  const std::string_view name = TRY(name_of(call, 1));
  const InodeId id = TRY(file_of(call, allowed, how));
  bound_anonymous(call, allowed, id, Errno::acces);
  TRY(check_name(call, id, name, Access::read));
  const auto found = call.at(id).attributes.find(name);
  if (found == call.at(id).attributes.end()) return fail(Errno::nodata);
  const auto& value = found->second;
  const auto room = call.arg<uint64_t>(3);
  if (room == 0) return allowed.returns(static_cast<int64_t>(value.size()));
  if (room < value.size()) return fail(Errno::range);
  TRY(call.can_store(allowed, call.address(2), value.size()));
  allowed.returns(static_cast<int64_t>(value.size()));
  allowed.writes(call.address(2), value);
  return {};
}

// Each name once, in whatever order, with its end.
bool holds_each(const Inode& inode, std::span<const std::byte> bytes) {
  std::set<std::string, std::less<>> names;
  while (!bytes.empty()) {
    const auto end = std::ranges::find(bytes, std::byte{0});
    if (end == bytes.end()) return false;
    const auto size = static_cast<size_t>(end - bytes.begin());
    // SAFETY: read as the characters they are.
    const auto [name, is_new] = names.emplace(reinterpret_cast<const char*>(bytes.data()), size);
    if (!is_new || !inode.attributes.contains(*name)) return false;
    bytes = bytes.subspan(size + 1);
  }
  return names.size() == inode.attributes.size();
}

Result<> list(const Call& call, Allowed& allowed, Named how) {
  const InodeId id = how == Named::descriptor ? call.at(TRY(call.file(0))).inode : TRY(file_of(call, allowed, how));
  size_t size = 0;
  for (const auto& [name, value] : call.at(id).attributes) size += name.size() + 1;
  const auto room = call.arg<uint64_t>(2);
  if (room == 0) return allowed.returns(static_cast<int64_t>(size));
  if (room < size) return fail(Errno::range);
  const uint64_t address = call.address(1);
  TRY(call.can_store(allowed, address, size));
  allowed.returns(static_cast<int64_t>(size));
  allowed.writes_anything(address, size);
  allowed.inspect([id, address, size](const World& world, const Actual& actual) {
    const auto seen = actual.bytes(address, size);
    return seen.empty() || holds_each(world.inodes[id], seen) ? std::string() : std::string("names of other attributes");
  });
  return {};
}

Result<> remove(const Call& call, Allowed& allowed, Named how) {
  const std::string_view name = TRY(name_of(call, 1));
  const InodeId id = TRY(file_of(call, allowed, how));
  bound_anonymous(call, allowed, id, Errno::perm);
  TRY(check_name(call, id, name, Access::write));
  if (!call.at(id).attributes.contains(name)) return fail(Errno::nodata);
  allowed.returns(0);
  allowed.then([id, name](World& world, const Actual&) {
    auto& all = world.inodes[id].attributes;
    all.erase(all.find(name));
    world.inodes[id].touch(change_time, world.moment);
  });
  return {};
}

}  // namespace

namespace rules {

Result<> setxattr(const Call& call, Allowed& allowed) { return set(call, allowed, Named::path); }
Result<> lsetxattr(const Call& call, Allowed& allowed) { return set(call, allowed, Named::link); }
Result<> fsetxattr(const Call& call, Allowed& allowed) { return set(call, allowed, Named::descriptor); }
Result<> getxattr(const Call& call, Allowed& allowed) { return get(call, allowed, Named::path); }
Result<> lgetxattr(const Call& call, Allowed& allowed) { return get(call, allowed, Named::link); }
Result<> fgetxattr(const Call& call, Allowed& allowed) { return get(call, allowed, Named::descriptor); }
Result<> listxattr(const Call& call, Allowed& allowed) { return list(call, allowed, Named::path); }
Result<> llistxattr(const Call& call, Allowed& allowed) { return list(call, allowed, Named::link); }
Result<> flistxattr(const Call& call, Allowed& allowed) { return list(call, allowed, Named::descriptor); }
Result<> removexattr(const Call& call, Allowed& allowed) { return remove(call, allowed, Named::path); }
Result<> lremovexattr(const Call& call, Allowed& allowed) { return remove(call, allowed, Named::link); }
Result<> fremovexattr(const Call& call, Allowed& allowed) { return remove(call, allowed, Named::descriptor); }

}  // namespace rules
}  // namespace cupel::props
