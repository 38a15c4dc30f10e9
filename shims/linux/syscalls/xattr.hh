#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// The name of an extended attribute: those of `user.` are programs' own, the others a system's.
struct AttributeName : UserString {
  static constexpr std::array values{NamedValue{"user.a", 0},     NamedValue{"user.a", 0}, NamedValue{"user.b", 0},   NamedValue{"user.long-name", 0}, NamedValue{"security.a", 0},
                                     NamedValue{"trusted.a", 0}, NamedValue{"user.", 0},  NamedValue{"system.a", 0}, NamedValue{"a", 0}};
  static constexpr ArgDesc describe() {
    ArgDesc desc = UserString::describe();
    desc.name = "name";
    desc.values = values;
    return desc;
  }
  static Result<AttributeName> decode(const uint64_t* r) { return AttributeName{{r[0]}}; }
};

enum class AttributeFlag : uint32_t { create = 1, replace = 2 };
consteval auto names_of(AttributeFlag) { return std::array{NamedValue{"XATTR_CREATE", 1}, NamedValue{"XATTR_REPLACE", 2}}; }

// struct xattr_args: where the value is, how long it is, and how it is set.
struct AttributeArgs {
  Field<uint64_t, Kind::address> value;
  Field<uint32_t, Kind::size> size;
  FlagsField<AttributeFlag> flags;
};
using AttributeArgsSize = Number<uint64_t, Kind::integer, sizeof(AttributeArgs), sizeof(AttributeArgs) + 8>;

Result<Done> setxattrat(Task& task, DirFd from, UserPath path, Flags<OwnerAtFlag, Unknown::late> at_flags, AttributeName name, UserSized<AttributeArgs> args, AttributeArgsSize size);
Result<uint64_t> getxattrat(Task& task, DirFd from, UserPath path, Flags<OwnerAtFlag, Unknown::late> at_flags, AttributeName name, UserSized<AttributeArgs> args, AttributeArgsSize size);
Result<uint64_t> listxattrat(Task& task, DirFd from, UserPath path, Flags<OwnerAtFlag> at_flags, OutBuffer names);
Result<Done> removexattrat(Task& task, DirFd from, UserPath path, Flags<OwnerAtFlag> at_flags, AttributeName name);

Result<Done> setxattr(Task& task, UserPath path, AttributeName name, InBuffer value, Flags<AttributeFlag> flags);
Result<Done> lsetxattr(Task& task, UserPath path, AttributeName name, InBuffer value, Flags<AttributeFlag> flags);
Result<Done> fsetxattr(Task& task, Fd<> fd, AttributeName name, InBuffer value, Flags<AttributeFlag> flags);
Result<uint64_t> getxattr(Task& task, UserPath path, AttributeName name, OutBuffer value);
Result<uint64_t> lgetxattr(Task& task, UserPath path, AttributeName name, OutBuffer value);
Result<uint64_t> fgetxattr(Task& task, Fd<> fd, AttributeName name, OutBuffer value);
Result<uint64_t> listxattr(Task& task, UserPath path, OutBuffer names);
Result<uint64_t> llistxattr(Task& task, UserPath path, OutBuffer names);
Result<uint64_t> flistxattr(Task& task, Fd<> fd, OutBuffer names);
Result<Done> removexattr(Task& task, UserPath path, AttributeName name);
Result<Done> lremovexattr(Task& task, UserPath path, AttributeName name);
Result<Done> fremovexattr(Task& task, Fd<> fd, AttributeName name);

}  // namespace cupel::linux_shim
