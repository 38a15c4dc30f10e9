#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// Who a task is. The machine is like a user namespace that maps one user and one group, 0: other ids do not exist.
enum class CapabilityVersion : uint32_t { first = 0x1998'0330, second = 0x2007'1026, third = 0x2008'0522 };
consteval auto names_of(CapabilityVersion) {
  return std::array{NamedValue{"_LINUX_CAPABILITY_VERSION_3", 0x2008'0522}, NamedValue{"_LINUX_CAPABILITY_VERSION_2", 0x2007'1026},
                    NamedValue{"_LINUX_CAPABILITY_VERSION_1", 0x1998'0330}};
}
consteval auto usual_of(CapabilityVersion) { return std::to_array<uint64_t>({0x2008'0522, 0x2008'0522, 0x2007'1026, 0x1998'0330}); }
struct RawCapabilityHeader {
  FlagsField<CapabilityVersion> version;
  Field<int32_t, Kind::task> pid;
};
// Effective, permitted and inheritable sets: the lower halves, then the upper ones, which the first version does not have.
struct RawCapabilities {
  uint32_t effective, permitted, inheritable;
  uint32_t upper_effective, upper_permitted, upper_inheritable;
};
struct RawGroups {
  Field<uint32_t, Kind::user> first, second;
};

Result<Done> setuid(Task& task, UserId id);
Result<Done> setgid(Task& task, UserId id);
Result<Done> setreuid(Task& task, UserId real, UserId effective);
Result<Done> setregid(Task& task, UserId real, UserId effective);
Result<Done> setresuid(Task& task, UserId real, UserId effective, UserId saved);
Result<Done> setresgid(Task& task, UserId real, UserId effective, UserId saved);
Result<uint64_t> setfsuid(Task& task, UserId id);
Result<uint64_t> setfsgid(Task& task, UserId id);
Result<uint64_t> getgroups(Task& task, Int count, OptionalOut<RawGroups> groups);
Result<Done> setgroups(Task& task, Int count, OptionalIn<RawGroups> groups);
Result<Done> capget(Task& task, UserInOut<RawCapabilityHeader> header, OptionalOut<RawCapabilities> sets);

}  // namespace cupel::linux_shim
