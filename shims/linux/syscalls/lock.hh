#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

enum class FlockOperation : uint32_t { shared = 1, exclusive = 2, no_wait = 4, unlock = 8, mandatory = 32 };
consteval auto names_of(FlockOperation) { return std::array{NamedValue{"LOCK_EX", 2}, NamedValue{"LOCK_SH", 1}, NamedValue{"LOCK_UN", 8}, NamedValue{"LOCK_NB", 4}}; }
consteval auto usual_of(FlockOperation) { return std::to_array<uint64_t>({6, 5, 8, 2, 1}); }

Result<Done> flock(Task& task, Fd<> fd, Flags<FlockOperation, Unknown::ignored> operation);

}  // namespace cupel::linux_shim
