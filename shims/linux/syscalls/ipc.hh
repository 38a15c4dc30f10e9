#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// pipe2(2): writes two new descriptors to `ends`; nothing is installed if the copy-out faults.
Result<Done> pipe2(Task& task, UserOut<FdPair> ends, Flags<PipeFlag> flags);
Result<Done> pipe(Task& task, UserOut<FdPair> ends);
Result<NewFd<Resource::eventfd>> eventfd2(Task& task, Int value, Flags<EventFdFlag> flags);
Result<NewFd<Resource::eventfd>> eventfd(Task& task, Int value);
// get_futex_key() of Linux's kernel/futex/core.c: a private futex is its address, any other the page behind it. EINVAL, EFAULT.
Result<> check_futex(Task& task, uint64_t address, bool is_private);
Result<uint64_t> futex(Task& task, FutexWord word, Choice<FutexOperation> operation, Int value, OptionalIn<RawTimespec> timeout, FutexWord second, Int third);

}  // namespace cupel::linux_shim
