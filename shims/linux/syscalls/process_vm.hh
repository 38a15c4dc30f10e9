#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// Bytes from another process's memory into the caller's, and back.
Result<uint64_t> process_vm_readv(Task& task, TaskId pid, OutVector local, InVector remote, Size flags);
Result<uint64_t> process_vm_writev(Task& task, TaskId pid, InVector local, OutVector remote, Size flags);

}  // namespace cupel::linux_shim
