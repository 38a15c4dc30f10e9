#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

Result<Done> rt_sigaction(Task& task, Int signal, Address action, Address old_action, Address set_size);
Result<Done> rt_sigprocmask(Task& task, Int how, Address set, Address old_set, Address set_size);

}  // namespace cupel::linux_shim
