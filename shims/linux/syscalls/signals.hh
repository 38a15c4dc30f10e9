#pragma once
#include "shims/linux/guest_value.hh"

namespace cupel::linux_shim {

using SetSize = Choice<SignalSetSize>;

Result<Done> rt_sigaction(Task& task, Signal signal, OptionalIn<RawSignalAction> action, OptionalOut<RawSignalAction> old_action, SetSize set_size);
Result<Done> rt_sigprocmask(Task& task, Choice<MaskChange> how, OptionalIn<RawSignalSet> set, OptionalOut<RawSignalSet> old_set, SetSize set_size);
Result<Done> rt_sigpending(Task& task, UserOut<RawSignalSet> set, SetSize set_size);
Result<Done> rt_sigsuspend(Task& task, UserIn<RawSignalSet> set, SetSize set_size);
Result<uint64_t> rt_sigtimedwait(Task& task, UserIn<RawSignalSet> set, OptionalOut<RawSignalInfo> info, OptionalIn<RawTimespec> timeout, SetSize set_size);
Result<Done> pause(Task& task);
Result<Done> sigaltstack(Task& task, OptionalIn<RawSignalStack> stack, OptionalOut<RawSignalStack> old_stack);
Result<Done> kill(Task& task, TaskId pid, Signal signal);
Result<Done> tkill(Task& task, TaskId tid, Signal signal);
Result<Done> tgkill(Task& task, TaskId pid, TaskId tid, Signal signal);
Result<uint64_t> alarm(Task& task, Int seconds);
Result<Done> setitimer(Task& task, Choice<IntervalTimer> which, OptionalIn<RawTimer> value, OptionalOut<RawTimer> old_value);
Result<Done> getitimer(Task& task, Choice<IntervalTimer> which, UserOut<RawTimer> value);

}  // namespace cupel::linux_shim
