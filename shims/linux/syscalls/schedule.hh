#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// How tasks are scheduled, and what of the machine they may see.
using Nice = Number<int32_t, Kind::integer, -21, 20>;
Result<uint64_t> getpriority(Task& task, Choice<WhosePriority> which, TaskId who);
Result<Done> setpriority(Task& task, Choice<WhosePriority> which, TaskId who, Nice nice);
Result<Done> sched_setparam(Task& task, TaskId pid, UserIn<Word32> param);
Result<Done> sched_setscheduler(Task& task, TaskId pid, Flags<SchedulingMode, Unknown::late> mode, UserIn<Word32> param);
Result<Done> sched_setaffinity(Task& task, TaskId pid, Size size, UserIn<RawProcessors> mask);
Result<Done> sched_getparam(Task& task, TaskId pid, UserOut<Word32> param);
Result<uint64_t> sched_getscheduler(Task& task, TaskId pid);
Result<Done> sched_rr_get_interval(Task& task, TaskId pid, UserOut<RawTimespec> span);
Result<uint64_t> sched_getaffinity(Task& task, TaskId pid, Size size, UserOut<RawProcessors> mask);
Result<Done> getcpu(Task& task, OptionalOut<Word32> processor, OptionalOut<Word32> node, Address cache);
Result<Done> sysinfo(Task& task, UserOut<RawSysinfo> out);

}  // namespace cupel::linux_shim
