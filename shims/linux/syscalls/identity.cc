#include "shims/linux/syscalls/identity.hh"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "libos/machine/machine.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr uint32_t keep = UINT32_MAX;

// EINVAL for ids that do not exist. Who there is, is who the caller is already.
Result<Done> become(std::initializer_list<UserId> ids) {
  for (const UserId id : ids) {
    if (id.value != 0 && id.value != keep) return fail(Errno::inval);
  }
  return Done{};
}

}  // namespace

Result<Done> setuid(Task&, UserId id) { return id.value == 0 ? Result<Done>(Done{}) : fail(Errno::inval); }
Result<Done> setgid(Task&, UserId id) { return id.value == 0 ? Result<Done>(Done{}) : fail(Errno::inval); }
Result<Done> setreuid(Task&, UserId real, UserId effective) { return become({real, effective}); }
Result<Done> setregid(Task&, UserId real, UserId effective) { return become({real, effective}); }
Result<Done> setresuid(Task&, UserId real, UserId effective, UserId saved) { return become({real, effective, saved}); }
Result<Done> setresgid(Task&, UserId real, UserId effective, UserId saved) { return become({real, effective, saved}); }

// The id for files follows the effective one; these say what it was, and never that they failed.
Result<uint64_t> setfsuid(Task& task, UserId) { return task.credentials.euid; }
Result<uint64_t> setfsgid(Task& task, UserId) { return task.credentials.egid; }

// Each of a task's further groups is 0, the only one there is.
Result<uint64_t> getgroups(Task& task, Int count, OptionalOut<RawGroups> groups) {
  constexpr std::array<std::byte, 256> zeros{};
  const uint32_t groups_count = task.credentials.groups_count;
  if (count.value < 0 || (count.value > 0 && static_cast<uint32_t>(count.value) < groups_count)) return fail(Errno::inval);
  const uint64_t size = count.value == 0 ? 0 : uint64_t{groups_count} * sizeof(uint32_t);
  for (uint64_t done = 0; done < size; done += std::min(size - done, zeros.size())) {
    TRY(task.memory().write(groups.address + done, std::span(zeros).first(std::min(size - done, zeros.size()))));
  }
  return groups_count;
}

Result<Done> setgroups(Task& task, Int count, OptionalIn<RawGroups> groups) {
  constexpr uint32_t groups_max = 65536;  // NGROUPS_MAX
  const auto wanted = static_cast<uint32_t>(count.value);
  if (wanted > groups_max) return fail(Errno::inval);
  for (uint32_t index = 0; index < wanted; ++index) {
    uint32_t group = 0;
    TRY(task.memory().read(groups.address + index * sizeof(group), std::as_writable_bytes(std::span(&group, 1))));
    if (group != 0) return fail(Errno::inval);
  }
  task.credentials.groups_count = wanted;
  return Done{};
}

// Root has every capability that there is.
Result<Done> capget(Task& task, UserInOut<RawCapabilityHeader> header, OptionalOut<RawCapabilities> sets) {
  constexpr uint64_t all = (uint64_t{1} << 41) - 1;  // to CAP_CHECKPOINT_RESTORE
  constexpr auto lower = static_cast<uint32_t>(all), upper = static_cast<uint32_t>(all >> 32);
  uint32_t version = 0;
  TRY(task.memory().read(header.address, std::as_writable_bytes(std::span(&version, 1))));
  bool known = false;
  for (const NamedValue& value : names_of(CapabilityVersion{})) known |= value.value == version;
  if (!known) {
    version = static_cast<uint32_t>(CapabilityVersion::third);
    TRY(task.memory().write(header.address, std::as_bytes(std::span(&version, 1))));
    return sets.is_null() ? Result<Done>(Done{}) : fail(Errno::inval);
  }
  if (sets.is_null()) return Done{};
  int32_t pid = 0;
  TRY(task.memory().read(header.address + sizeof(version), std::as_writable_bytes(std::span(&pid, 1))));
  if (pid < 0) return fail(Errno::inval);
  if (pid != 0 && task.machine().find_named(pid) == nullptr) return fail(Errno::srch);
  const RawCapabilities root{lower, lower, 0, upper, upper, 0};
  const size_t size = version == static_cast<uint32_t>(CapabilityVersion::first) ? sizeof(root) / 2 : sizeof(root);
  TRY(task.memory().write(sets.address, std::as_bytes(std::span(&root, 1)).first(size)));
  return Done{};
}

}  // namespace cupel::linux_shim
