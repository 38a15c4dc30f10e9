#include "shims/linux/syscalls/xattr.hh"

#include <algorithm>

#include "libos/fd/fd_table.hh"
#include "libos/fs/fs_context.hh"
#include "libos/machine/machine.hh"
#include "shims/linux/syscalls/path.hh"
#include "shims/linux/syscalls/sized.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

// A name a guest gave, copied in once.
class Name {
 public:
  Result<> read(Task& task, AttributeName name) {
    const auto size = name.read(task.memory(), text_);
    if (!size) return fail(size.error() == Errno::nametoolong ? Errno::range : size.error());
    size_ = *size;
    return size_ > 0 ? Result<>{} : fail(Errno::range);
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, Attributes::name_size_max + 1> text_;
  size_t size_ = 0;
};

enum class For : bool { reading, writing };

// xattr_permission() and xattr_resolve_name() of Linux's fs/xattr.c. What is trusted and what speaks of security is for
// CAP_SYS_ADMIN, which is nobody's here: nothing of it can ever be there.
Result<> allow(Task& task, const Inode& inode, std::string_view name, For what) {
  const bool writes = what == For::writing;
  const bool has_any = !inode.is_pipe() && !inode.is_anonymous();
  const auto refused = [&] { return fail(writes ? Errno::perm : Errno::nodata); };
  constexpr std::string_view user = "user.", security = "security.", trusted = "trusted.";
  if (name.starts_with(trusted)) return refused();
  if (name.starts_with(security)) {
    if (writes) return fail(inode.is_anonymous() ? Errno::opnotsupp : Errno::perm);  // no security module looks at what is no file
    return fail(!has_any ? Errno::opnotsupp : name == security ? Errno::inval : Errno::nodata);
  }
  if (!name.starts_with(user)) return fail(Errno::opnotsupp);
  if (!inode.is_regular() && !inode.is_directory()) return refused();
  if (writes && inode.is_directory() && (inode.mode & 01000) != 0 && !inode.owned_by(task.credentials)) return fail(Errno::perm);
  TRY(inode.allow(task.credentials, writes ? Permission::write : Permission::read));
  return name == user ? fail(Errno::inval) : Result<>{};
}

// What is to be set, copied in before anything is looked up.
class Setting {
 public:
  explicit Setting(Task& task) : task_(task) {}
  Setting(const Setting&) = delete;
  ~Setting() {
    if (bytes_ != nullptr) task_.arena().free(bytes_, size_);
  }
  Result<> read(AttributeName user_name, InBuffer value) {
    TRY(name.read(task_, user_name));
    if (value.size > Attributes::value_size_max) return fail(Errno::too_big);
    if (value.size == 0) return {};
    bytes_ = static_cast<std::byte*>(TRY(task_.arena().allocate(value.size)));
    size_ = value.size;
    return task_.memory().read(value.address, {bytes_, size_});
  }
  Result<Done> perform(Inode& inode, Flags<AttributeFlag> flags) {
    TRY(allow(task_, inode, name.text(), For::writing));
    const bool is_there = inode.attributes.find(name.text()) != nullptr;
    if (is_there && flags.has(AttributeFlag::create)) return fail(Errno::exist);
    if (!is_there && flags.has(AttributeFlag::replace)) return fail(Errno::nodata);
    TRY(inode.attributes.set(task_.arena(), name.text(), {bytes_, size_}));
    inode.changed = task_.machine().files().now();
    return Done{};
  }
  Name name;

 private:
  Task& task_;
  std::byte* bytes_ = nullptr;
  size_t size_ = 0;
};

Result<Ref<Inode>> file_at(Task& task, UserPath user_path, Follow follow) {
  PathArgument path;
  TRY(path.read(task, user_path));
  return path.find(task, at_cwd, follow);
}
// path_setxattrat() of Linux's fs/xattr.c and its kin: a descriptor alone must be open for more than its path. AT_FDCWD alone is the
// working directory for those that set and show an attribute, and no descriptor for the others.
enum class CwdAlone : uint8_t { taken, refused };
Result<Ref<Inode>> file_from(Task& task, DirFd from, UserPath user_path, uint32_t at_flags, CwdAlone cwd_alone) {
  const bool allow_empty = (at_flags & static_cast<uint32_t>(AtFlag::empty_path)) != 0;
  PathArgument path;
  if (!allow_empty || user_path.address != 0) TRY(path.read(task, user_path));
  const bool has_descriptor = !from.is_cwd() || cwd_alone == CwdAlone::refused;
  if (path.empty() && allow_empty && has_descriptor) return Ref<Inode>(TRY(task.fds().get_io(from.raw))->inode());
  return path.find(task, from, (at_flags & static_cast<uint32_t>(AtFlag::symlink_no_follow)) != 0 ? Follow::no : Follow::yes, allow_empty);
}
// Since Linux 6.13 these calls, but for flistxattr(2), are forms of the *xattrat ones, for which this number stands for the
// working directory.
Result<Ref<Inode>> file_of(Task& task, Fd<> fd) {
  if (static_cast<int32_t>(fd.raw) == DirFd::cwd) return Ref<Inode>(task.fs().working);
  return Ref<Inode>(TRY(task.fds().get_io(fd.raw))->inode());
}

// A buffer of no size only asks how much there is.
Result<uint64_t> show(Task& task, const Inode& inode, std::string_view name, OutBuffer out) {
  TRY(allow(task, inode, name, For::reading));
  const Attributes::Attribute* const found = inode.attributes.find(name);
  if (found == nullptr) return fail(Errno::nodata);
  if (out.size == 0) return found->value_size;
  if (out.size < found->value_size) return fail(Errno::range);
  TRY(task.memory().write(out.address, found->value()));
  return found->value_size;
}

Result<uint64_t> list(Task& task, const Inode& inode, OutBuffer out) {
  uint64_t size = 0;
  for (const auto& attribute : inode.attributes.all()) size += attribute.name_size + 1u;
  if (out.size == 0) return size;
  if (out.size < size) return fail(Errno::range);
  uint64_t at = out.address;
  for (const auto& attribute : inode.attributes.all()) {
    std::array<char, Attributes::name_size_max + 1> text{};
    std::ranges::copy(attribute.name(), text.begin());
    TRY(task.memory().write(at, std::as_bytes(std::span(text).first(attribute.name_size + 1u))));
    at += attribute.name_size + 1u;
  }
  return size;
}

Result<Done> remove(Task& task, Inode& inode, std::string_view name) {
  TRY(allow(task, inode, name, For::writing));
  if (!inode.attributes.remove(task.arena(), name)) return fail(Errno::nodata);
  inode.changed = task.machine().files().now();
  return Done{};
}

Result<Done> set_at(Task& task, UserPath path, Follow follow, AttributeName name, InBuffer value, Flags<AttributeFlag> flags) {
  Setting setting(task);
  TRY(setting.read(name, value));
  return setting.perform(*TRY(file_at(task, path, follow)), flags);
}
Result<uint64_t> get_at(Task& task, UserPath path, Follow follow, AttributeName user_name, OutBuffer value) {
  Name name;
  TRY(name.read(task, user_name));
  return show(task, *TRY(file_at(task, path, follow)), name.text(), value);
}
Result<Done> remove_at(Task& task, UserPath path, Follow follow, AttributeName user_name) {
  Name name;
  TRY(name.read(task, user_name));
  return remove(task, *TRY(file_at(task, path, follow)), name.text());
}

}  // namespace

Result<Done> setxattr(Task& task, UserPath path, AttributeName name, InBuffer value, Flags<AttributeFlag> flags) { return set_at(task, path, Follow::yes, name, value, flags); }
Result<Done> lsetxattr(Task& task, UserPath path, AttributeName name, InBuffer value, Flags<AttributeFlag> flags) { return set_at(task, path, Follow::no, name, value, flags); }
Result<Done> fsetxattr(Task& task, Fd<> fd, AttributeName name, InBuffer value, Flags<AttributeFlag> flags) {
  Setting setting(task);
  TRY(setting.read(name, value));
  return setting.perform(*TRY(file_of(task, fd)), flags);
}

Result<uint64_t> getxattr(Task& task, UserPath path, AttributeName name, OutBuffer value) { return get_at(task, path, Follow::yes, name, value); }
Result<uint64_t> lgetxattr(Task& task, UserPath path, AttributeName name, OutBuffer value) { return get_at(task, path, Follow::no, name, value); }
Result<uint64_t> fgetxattr(Task& task, Fd<> fd, AttributeName user_name, OutBuffer value) {
  Name name;
  TRY(name.read(task, user_name));
  return show(task, *TRY(file_of(task, fd)), name.text(), value);
}

Result<uint64_t> listxattr(Task& task, UserPath path, OutBuffer names) { return list(task, *TRY(file_at(task, path, Follow::yes)), names); }
Result<uint64_t> llistxattr(Task& task, UserPath path, OutBuffer names) { return list(task, *TRY(file_at(task, path, Follow::no)), names); }
Result<uint64_t> flistxattr(Task& task, Fd<> fd, OutBuffer names) { return list(task, *TRY(task.fds().get_io(fd.raw))->inode(), names); }

Result<Done> removexattr(Task& task, UserPath path, AttributeName name) { return remove_at(task, path, Follow::yes, name); }
Result<Done> lremovexattr(Task& task, UserPath path, AttributeName name) { return remove_at(task, path, Follow::no, name); }
Result<Done> fremovexattr(Task& task, Fd<> fd, AttributeName user_name) {
  Name name;
  TRY(name.read(task, user_name));
  return remove(task, *TRY(file_of(task, fd)), name.text());
}

Result<Done> setxattrat(Task& task, DirFd from, UserPath path, Flags<OwnerAtFlag, Unknown::late> at_flags, AttributeName name, UserSized<AttributeArgs> user_args, AttributeArgsSize size) {
  const AttributeArgs args = TRY(read_sized(task, user_args, size.value));
  TRY(at_flags.checked());
  const Flags<AttributeFlag> flags{TRY(decode_flags(args.flags.bits, Flags<AttributeFlag>::known))};
  Setting setting(task);
  TRY(setting.read(name, {args.value.value, args.size.value}));
  return setting.perform(*TRY(file_from(task, from, path, at_flags.bits, CwdAlone::taken)), flags);
}
Result<uint64_t> getxattrat(Task& task, DirFd from, UserPath path, Flags<OwnerAtFlag, Unknown::late> at_flags, AttributeName user_name, UserSized<AttributeArgs> user_args, AttributeArgsSize size) {
  const AttributeArgs args = TRY(read_sized(task, user_args, size.value));
  if (args.flags.bits != 0) return fail(Errno::inval);
  TRY(at_flags.checked());
  Name name;
  TRY(name.read(task, user_name));
  return show(task, *TRY(file_from(task, from, path, at_flags.bits, CwdAlone::taken)), name.text(), {args.value.value, args.size.value});
}
Result<uint64_t> listxattrat(Task& task, DirFd from, UserPath path, Flags<OwnerAtFlag> at_flags, OutBuffer names) {
  return list(task, *TRY(file_from(task, from, path, at_flags.bits, CwdAlone::refused)), names);
}
Result<Done> removexattrat(Task& task, DirFd from, UserPath path, Flags<OwnerAtFlag> at_flags, AttributeName user_name) {
  Name name;
  TRY(name.read(task, user_name));
  return remove(task, *TRY(file_from(task, from, path, at_flags.bits, CwdAlone::refused)), name.text());
}

}  // namespace cupel::linux_shim
