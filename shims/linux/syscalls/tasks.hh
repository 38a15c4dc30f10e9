#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

Result<Spawned> clone(Task& task, Flags<CloneFlag, Unknown::late> flags, Address stack, Address parent_tid, Address child_tid, Address tls);
Result<Spawned> fork(Task& task);
Result<Spawned> vfork(Task& task);
// These two do not go back to the guest; what they answer is the status that wait4(2) will give, for who looks on.
Result<uint64_t> exit(Task& task, Int status);
Result<uint64_t> exit_group(Task& task, Int status);
Result<uint64_t> wait4(Task& task, TaskId pid, OptionalOut<Word32> status, Flags<WaitFlag, Unknown::late> flags, Address usage);
Result<uint64_t> getpid(Task& task);
Result<uint64_t> gettid(Task& task);
Result<uint64_t> getppid(Task& task);
Result<uint64_t> getuid(Task& task);
Result<uint64_t> geteuid(Task& task);
Result<uint64_t> getgid(Task& task);
Result<uint64_t> getegid(Task& task);
Result<uint64_t> set_tid_address(Task& task, Address address);
Result<Done> sched_yield(Task& task);

}  // namespace cupel::linux_shim
