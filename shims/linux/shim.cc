#include "shims/linux/shim.hh"

#include "libos/machine/machine.hh"

namespace cupel::linux_shim {

namespace {

const Call* find_in(std::span<const Call> all, uint64_t number) {
  size_t low = 0, high = all.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (all[middle].desc.number < number) low = middle + 1;
    else high = middle;
  }
  return low < all.size() && all[low].desc.number == number ? &all[low] : nullptr;
}

Result<uint64_t> perform(libos::Task& task, uint64_t number, const interface::Registers& registers) {
  const Call* call = find(number);
  if (call == nullptr) return fail(Errno::nosys);
  return task.platform().granted(static_cast<uint32_t>(number)) ? call->invoke(task, registers) : fail(Errno::perm);
}

}  // namespace

const Call* find(uint64_t number) {
  const Call* call = find_in(table(), number);
  return call != nullptr ? call : find_in(guest_code_calls(), number);
}

int64_t enter(libos::Task& task, uint64_t number, const interface::Registers& registers) {
  platform::Platform& platform = task.platform();
  libos::MachineLock& lock = task.machine().lock();
  lock.acquire(platform);
  // A task that was killed makes no further call, and does not go back to its guest from the one it is in; not from one that
  // there is not, or that is not granted, either.
  const Result<uint64_t> result = task.killed() ? fail(Errno::intr) : perform(task, number, registers);
  if (task.killed() && task.state() == libos::Task::State::running) task.exit(task.exit_status());
  lock.release(platform);
  return result ? static_cast<int64_t>(*result) : -static_cast<int64_t>(result.error());
}

}  // namespace cupel::linux_shim
