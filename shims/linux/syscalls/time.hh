#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

using Clock = Choice<ClockId, Kind::clock>;

Result<Done> clock_gettime(Task& task, Clock clock, UserOut<RawTimespec> out);
Result<Done> clock_getres(Task& task, Clock clock, OptionalOut<RawTimespec> out);
Result<Done> gettimeofday(Task& task, OptionalOut<Timeval> out, Address zone);
Result<uint64_t> time(Task& task, OptionalOut<uint64_t> out);
Result<Done> nanosleep(Task& task, UserIn<RawTimespec> span, OptionalOut<RawTimespec> left);
Result<Done> clock_nanosleep(Task& task, Clock clock, Flags<SleepFlag, Unknown::ignored> flags, UserIn<RawTimespec> span, OptionalOut<RawTimespec> left);
Result<uint64_t> getrandom(Task& task, OutBuffer buffer, Flags<RandomFlag> flags);
Result<Done> uname(Task& task, UserOut<RawUtsname> out);

}  // namespace cupel::linux_shim
