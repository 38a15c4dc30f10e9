#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// What a process may use of what there is.
Result<Done> getrlimit(Task& task, Choice<ResourceLimit> resource, UserOut<RawLimit> out);
Result<Done> setrlimit(Task& task, Choice<ResourceLimit> resource, UserIn<RawLimit> wanted);
Result<Done> prlimit64(Task& task, TaskId pid, Choice<ResourceLimit> resource, OptionalIn<RawLimit> wanted, OptionalOut<RawLimit> before);

}  // namespace cupel::linux_shim
