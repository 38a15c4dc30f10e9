#pragma once
#include "libos/mm/address_space.hh"
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

enum class LockFlag : uint32_t { on_fault = 1 };
consteval auto names_of(LockFlag) { return std::array{NamedValue{"MLOCK_ONFAULT", 1}}; }
enum class LockAllFlag : uint32_t { current = 1, future = 2, on_fault = 4 };
consteval auto names_of(LockAllFlag) { return std::array{NamedValue{"MCL_FUTURE", 2}, NamedValue{"MCL_ONFAULT", 4}, NamedValue{"MCL_CURRENT", 1}}; }
consteval auto usual_of(LockAllFlag) { return std::to_array<uint64_t>({2, 6, 1, 3}); }

Result<Done> mlock(Task& task, Address address, Length length);
Result<Done> mlock2(Task& task, Address address, Length length, Flags<LockFlag> flags);
Result<Done> munlock(Task& task, Address address, Length length);
Result<Done> mlockall(Task& task, Flags<LockAllFlag> flags);
Result<Done> munlockall(Task& task);

// EAGAIN where so many more pages, locked as all future ones are, would be more than the task may lock.
Result<> may_lock_future(Task& task, libos::Locking future, uint64_t pages);

}  // namespace cupel::linux_shim
