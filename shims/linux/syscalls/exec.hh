#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

enum class ArchOperation : int32_t { set_gs = 0x1001, set_fs = 0x1002, get_fs = 0x1003, get_gs = 0x1004 };
consteval auto names_of(ArchOperation) {
  return std::array{NamedValue{"ARCH_SET_GS", 0x1001}, NamedValue{"ARCH_SET_FS", 0x1002}, NamedValue{"ARCH_GET_FS", 0x1003}, NamedValue{"ARCH_GET_GS", 0x1004}};
}

// On the mock a task's script goes on after a successful execve, in the new space: no code is run from it.
Result<Done> execve(Task& task, UserPath path, Address arguments, Address variables);
Result<Done> arch_prctl(Task& task, Choice<ArchOperation> operation, Address address);
Result<Done> ioctl(Task& task, Fd<> fd, Int operation, Address argument);

}  // namespace cupel::linux_shim
