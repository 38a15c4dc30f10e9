#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// What tasks are and have used, and what they could be given.
using Policy = Choice<SchedulingPolicy>;
Result<uint64_t> sched_get_priority_max(Task& task, Policy policy);
Result<uint64_t> sched_get_priority_min(Task& task, Policy policy);
Result<uint64_t> personality(Task& task, Flags<Persona, Unknown::ignored> persona);
Result<Done> getrusage(Task& task, Choice<UsageOf> who, UserOut<RawUsage> out);
Result<uint64_t> times(Task& task, OptionalOut<RawTicks> out);
Result<Done> getresuid(Task& task, UserOut<Word32> real, UserOut<Word32> effective, UserOut<Word32> saved);
Result<Done> getresgid(Task& task, UserOut<Word32> real, UserOut<Word32> effective, UserOut<Word32> saved);

}  // namespace cupel::linux_shim
