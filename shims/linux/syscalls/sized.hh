#pragma once
#include "libos/task/task.hh"
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// What a caller knows of a struct that we do not must be zero: E2BIG, EFAULT.
Result<> check_zeros(Task& task, uint64_t address, uint64_t size);

// copy_struct_from_user() of Linux's include/linux/uaccess.h: a struct of which the caller has `size` bytes. EINVAL, E2BIG, EFAULT.
template <GuestAbi T>
Result<T> read_sized(Task& task, UserSized<T> user, uint64_t size) {
  constexpr uint64_t size_max = 4096;
  if (size < sizeof(T)) return fail(Errno::inval);
  if (size > size_max) return fail(Errno::too_big);
  TRY(check_zeros(task, user.address + sizeof(T), size - sizeof(T)));
  return user.read(task.memory());
}

}  // namespace cupel::linux_shim
