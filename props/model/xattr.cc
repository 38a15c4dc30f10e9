// setxattr, getxattr, listxattr, removexattr, each with its kin, those of a path from a directory among them: xattr(7).
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
// Of the *xattrat calls, AT_FDCWD without a path stands for the working directory, on Linux where they set or show an attribute alone.
enum class Named : uint8_t { path, link, descriptor, from_directory, from_directory_alone };
constexpr uint32_t at_flags_known = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
constexpr size_t at_flags_index = 2;
// The *xattrat calls; a descriptor that has no path behind it must be open for more than its path.
Result<InodeId> file_from(const Call& call, Named how) {
  const auto flags = call.arg<uint32_t>(at_flags_index);
  const bool may_be_empty = (flags & AT_EMPTY_PATH) != 0;
  const std::string_view path = may_be_empty && call.address(1) == 0 ? std::string_view{} : TRY(call.path(1, may_be_empty));
  if (!path.empty()) return inode_of(call, 0, path, (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::no : Follow::yes);
  if (call.arg<int32_t>(0) == AT_FDCWD && how == Named::from_directory_alone) return call.world.contexts[call.task.fs].cwd;
  return call.at(TRY(call.file(0))).inode;
}
Result<InodeId> file_of(const Call& call, Allowed& allowed, Named how) {
  if (how == Named::from_directory || how == Named::from_directory_alone) return file_from(call, how);
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

// Where the name is, and the value: in registers, or in a struct as the *xattrat calls have it.
struct Setting {
  size_t name_index;
  uint64_t address, size;
  uint32_t flags;
};
Setting in_registers(const Call& call) { return {1, call.address(2), call.arg<uint64_t>(3), call.arg<uint32_t>(4)}; }
struct Args {
  uint64_t value;
  uint32_t size, flags;
};
Result<Setting> in_struct(const Call& call) {
  const Args args = TRY(call.read_sized<Args>(call.address(4), call.arg<uint64_t>(5)));
  return Setting{3, args.value, args.size, args.flags};
}
Result<> check_at_flags(const Call& call) { return (call.arg<uint32_t>(at_flags_index) & ~at_flags_known) != 0 ? fail(Errno::inval) : Result<>{}; }

Result<> set(const Call& call, Allowed& allowed, Named how, const Setting& setting) {
  const uint32_t flags = setting.flags;
  if ((flags & ~static_cast<uint32_t>(XATTR_CREATE | XATTR_REPLACE)) != 0) return fail(Errno::inval);
  const std::string_view name = TRY(name_of(call, setting.name_index));
  const uint64_t size = setting.size;
  if (size > value_max) return fail(Errno::too_big);
  if (call.readable(setting.address, size) < size) return fail(Errno::fault);
  const InodeId id = TRY(file_of(call, allowed, how));
  bound_anonymous(call, allowed, id, Errno::perm);
  TRY(check_name(call, id, name, Access::write));
  const bool is_there = call.at(id).attributes.contains(name);
  if (is_there && (flags & XATTR_CREATE) != 0) return fail(Errno::exist);
  if (!is_there && (flags & XATTR_REPLACE) != 0) return fail(Errno::nodata);
  const Piece value{setting.address, size};
  allowed.returns(0);
  allowed.then([id, name, bytes = call.load(std::span(&value, 1), size)](World& world, const Actual&) {
    world.inodes[id].attributes[std::string(name)].assign(bytes.begin(), bytes.end());
    world.inodes[id].touch(change_time, world.moment);
  });
  return {};
}

Result<> get(const Call& call, Allowed& allowed, Named how, const Setting& setting) {
  const std::string_view name = TRY(name_of(call, setting.name_index));
  const InodeId id = TRY(file_of(call, allowed, how));
  bound_anonymous(call, allowed, id, Errno::acces);
  TRY(check_name(call, id, name, Access::read));
  const auto found = call.at(id).attributes.find(name);
  if (found == call.at(id).attributes.end()) return fail(Errno::nodata);
  const auto& value = found->second;
  const uint64_t room = setting.size;
  if (room == 0) return allowed.returns(static_cast<int64_t>(value.size()));
  if (room < value.size()) return fail(Errno::range);
  TRY(call.can_store(allowed, setting.address, value.size()));
  allowed.returns(static_cast<int64_t>(value.size()));
  allowed.writes(setting.address, value);
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

Result<> list(const Call& call, Allowed& allowed, Named how, size_t list_index = 1) {
  const InodeId id = how == Named::descriptor ? call.at(TRY(call.file(0))).inode : TRY(file_of(call, allowed, how));
  size_t size = 0;
  for (const auto& [name, value] : call.at(id).attributes) size += name.size() + 1;
  const auto room = call.arg<uint64_t>(list_index + 1);
  if (room == 0) return allowed.returns(static_cast<int64_t>(size));
  if (room < size) return fail(Errno::range);
  const uint64_t address = call.address(list_index);
  TRY(call.can_store(allowed, address, size));
  allowed.returns(static_cast<int64_t>(size));
  allowed.writes_anything(address, size);
  allowed.inspect([id, address, size](const World& world, const Actual& actual) {
    const auto seen = actual.bytes(address, size);
    return seen.empty() || holds_each(world.inodes[id], seen) ? std::string() : std::string("names of other attributes");
  });
  return {};
}

Result<> remove(const Call& call, Allowed& allowed, Named how, size_t name_index = 1) {
  const std::string_view name = TRY(name_of(call, name_index));
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

Result<> setxattr(const Call& call, Allowed& allowed) { return set(call, allowed, Named::path, in_registers(call)); }
Result<> lsetxattr(const Call& call, Allowed& allowed) { return set(call, allowed, Named::link, in_registers(call)); }
Result<> fsetxattr(const Call& call, Allowed& allowed) { return set(call, allowed, Named::descriptor, in_registers(call)); }
Result<> getxattr(const Call& call, Allowed& allowed) { return get(call, allowed, Named::path, in_registers(call)); }
Result<> lgetxattr(const Call& call, Allowed& allowed) { return get(call, allowed, Named::link, in_registers(call)); }
Result<> fgetxattr(const Call& call, Allowed& allowed) { return get(call, allowed, Named::descriptor, in_registers(call)); }
Result<> listxattr(const Call& call, Allowed& allowed) { return list(call, allowed, Named::path); }
Result<> llistxattr(const Call& call, Allowed& allowed) { return list(call, allowed, Named::link); }
Result<> flistxattr(const Call& call, Allowed& allowed) { return list(call, allowed, Named::descriptor); }
Result<> removexattr(const Call& call, Allowed& allowed) { return remove(call, allowed, Named::path); }
Result<> lremovexattr(const Call& call, Allowed& allowed) { return remove(call, allowed, Named::link); }
Result<> fremovexattr(const Call& call, Allowed& allowed) { return remove(call, allowed, Named::descriptor); }

Result<> setxattrat(const Call& call, Allowed& allowed) {
  const Setting setting = TRY(in_struct(call));
  TRY(check_at_flags(call));
  return set(call, allowed, Named::from_directory_alone, setting);
}
Result<> getxattrat(const Call& call, Allowed& allowed) {
  const Setting setting = TRY(in_struct(call));
  if (setting.flags != 0) return fail(Errno::inval);
  TRY(check_at_flags(call));
  return get(call, allowed, Named::from_directory_alone, setting);
}
Result<> listxattrat(const Call& call, Allowed& allowed) {
  TRY(check_at_flags(call));
  return list(call, allowed, Named::from_directory, 3);
}
Result<> removexattrat(const Call& call, Allowed& allowed) {
  TRY(check_at_flags(call));
  return remove(call, allowed, Named::from_directory, 3);
}

}  // namespace rules
}  // namespace cupel::props
