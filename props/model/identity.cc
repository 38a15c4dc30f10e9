// setuid, setgid, setreuid, setregid, setresuid, setresgid, setfsuid, setfsgid, getgroups, setgroups, capget.
#include <linux/capability.h>

#include <algorithm>

#include "props/model/lifecycle.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

constexpr uint32_t keep = UINT32_MAX;

// The machine has one user and one group, as a user namespace that maps only 0; the caller is root of it.
Result<> become(const Call& call, Allowed& allowed, size_t count) {
  for (size_t index = 0; index < count; ++index) {
    const auto id = call.arg<uint32_t>(index);
    if (id != 0 && (id != keep || count == 1)) return fail(Errno::inval);
  }
  return allowed.returns(0);
}

}  // namespace

namespace rules {

Result<> setuid(const Call& call, Allowed& allowed) { return become(call, allowed, 1); }
Result<> setgid(const Call& call, Allowed& allowed) { return become(call, allowed, 1); }
Result<> setreuid(const Call& call, Allowed& allowed) { return become(call, allowed, 2); }
Result<> setregid(const Call& call, Allowed& allowed) { return become(call, allowed, 2); }
Result<> setresuid(const Call& call, Allowed& allowed) { return become(call, allowed, 3); }
Result<> setresgid(const Call& call, Allowed& allowed) { return become(call, allowed, 3); }
Result<> setfsuid(const Call&, Allowed& allowed) { return allowed.returns(0); }
Result<> setfsgid(const Call&, Allowed& allowed) { return allowed.returns(0); }

Result<> getgroups(const Call& call, Allowed& allowed) {
  const auto room = call.arg<int32_t>(0);
  const uint32_t count = call.task.groups_count;
  if (room < 0 || (room > 0 && static_cast<uint32_t>(room) < count)) return fail(Errno::inval);
  const size_t size = room == 0 ? 0 : count * sizeof(uint32_t);
  if (size > 0) TRY(call.can_store(allowed, call.address(1), size));
  allowed.returns(count);
  if (size > 0) std::ranges::fill(allowed.writes_here(call.address(1), size), std::byte{0});
  return {};
}

Result<> setgroups(const Call& call, Allowed& allowed) {
  constexpr uint32_t groups_max = 65536, group_size = 4;
  const auto count = call.arg<uint32_t>(0);
  if (count > groups_max) return fail(Errno::inval);
  for (uint32_t index = 0; index < count; ++index) {
    if (TRY(call.read<uint32_t>(call.address(1) + index * group_size)) != 0) return fail(Errno::inval);
  }
  allowed.returns(0);
  allowed.then([task = call.caller, count](World& world, const Actual&) { world.tasks[task].groups_count = count; });
  return {};
}

Result<> capget(const Call& call, Allowed& allowed) {
  const uint64_t header = call.address(0), sets = call.address(1);
  const auto version = TRY(call.read<uint32_t>(header));
  if (version != _LINUX_CAPABILITY_VERSION_1 && version != _LINUX_CAPABILITY_VERSION_2 && version != _LINUX_CAPABILITY_VERSION_3) {
    TRY(call.can_store(allowed, header, sizeof(version)));
    if (sets == 0) allowed.returns(0);
    else allowed.fails_with_effect(Errno::inval);
    allowed.writes_number<uint32_t>(header, _LINUX_CAPABILITY_VERSION_3);
    return {};
  }
  if (sets == 0) return allowed.returns(0);
  const auto pid = TRY(call.read<int32_t>(header + sizeof(version)));
  if (pid < 0) return fail(Errno::inval);
  if (!knows_all_ids(call.world)) return allowed.lose();
  if (pid != 0) {
    const Named named = find_named(call.world, pid);
    if (named.process == ProcessId::none) return fail(Errno::srch);
    if (named.unsure) allowed.may_fail(Errno::srch);
  }
  const size_t words = version == _LINUX_CAPABILITY_VERSION_1 ? _LINUX_CAPABILITY_U32S_1 : _LINUX_CAPABILITY_U32S_3;
  const size_t size = words * sizeof(__user_cap_data_struct);
  TRY(call.can_store(allowed, sets, size));
  allowed.returns(0);
  allowed.writes_anything(sets, size);
  allowed.inspect([sets](const World&, const Actual& actual) {
    const auto seen = actual.number<__user_cap_data_struct>(sets);
    return std::string(seen && (seen->effective & ~seen->permitted) != 0 ? "a capability in effect that is not permitted" : "");
  });
  return {};
}

}  // namespace rules
}  // namespace cupel::props
