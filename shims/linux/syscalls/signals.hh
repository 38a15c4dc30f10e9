#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

Result<Done> rt_sigaction(Task& task, Int signal, Address action, Address old_action, Address set_size);
Result<Done> rt_sigprocmask(Task& task, Int how, Address set, Address old_set, Address set_size);
Result<Done> rt_sigpending(Task& task, Address set, Address set_size);
Result<Done> rt_sigsuspend(Task& task, Address set, Address set_size);
Result<uint64_t> rt_sigtimedwait(Task& task, Address set, Address info, Address timeout, Address set_size);
Result<Done> pause(Task& task);
Result<Done> sigaltstack(Task& task, Address stack, Address old_stack);
Result<Done> kill(Task& task, TaskId pid, Int signal);
Result<Done> tkill(Task& task, TaskId tid, Int signal);
Result<Done> tgkill(Task& task, TaskId pid, TaskId tid, Int signal);
Result<uint64_t> alarm(Task& task, Int seconds);
Result<Done> setitimer(Task& task, Int which, Address value, Address old_value);
Result<Done> getitimer(Task& task, Int which, Address value);

}  // namespace cupel::linux_shim
