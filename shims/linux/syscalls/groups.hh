#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// Process groups and sessions.
Result<Done> setpgid(Task& task, TaskId pid, TaskId group);
Result<uint64_t> getpgid(Task& task, TaskId pid);
Result<uint64_t> getpgrp(Task& task);
Result<uint64_t> setsid(Task& task);
Result<uint64_t> getsid(Task& task, TaskId pid);

}  // namespace cupel::linux_shim
