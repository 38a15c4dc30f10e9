#include "shims/linux/syscalls/account.hh"

#include <array>

#include "libos/machine/machine.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;
using platform::ClockBase;

Result<Done> put_ids(Task& task, std::array<uint32_t, 3> ids, std::array<UserOut<Word32>, 3> outs) {
  for (size_t index = 0; index < ids.size(); ++index) TRY(outs[index].write(task.memory(), {static_cast<int32_t>(ids[index])}));
  return Done{};
}

}  // namespace

Result<uint64_t> sched_get_priority_max(Task&, Policy policy) { return is_realtime(TRY(policy.get())) ? 99 : 0; }
Result<uint64_t> sched_get_priority_min(Task&, Policy policy) { return is_realtime(TRY(policy.get())) ? 1 : 0; }

// All ones only ask.
Result<uint64_t> personality(Task& task, Flags<Persona, Unknown::ignored> persona) {
  const uint32_t old = task.persona;
  if (persona.bits != UINT32_MAX) task.persona = persona.bits;
  return old;
}

// The platform does not say what a task has used.
Result<Done> getrusage(Task& task, Choice<UsageOf> who, UserOut<RawUsage> out) {
  static_cast<void>(TRY(who.get()));
  TRY(out.write(task.memory(), {}));
  return Done{};
}

Result<uint64_t> times(Task& task, OptionalOut<RawTicks> out) {
  constexpr platform::Nanoseconds tick = 10'000'000;  // USER_HZ is 100
  if (!out.is_null()) TRY(out.write(task.memory(), {}));
  return static_cast<uint64_t>(task.platform().now(ClockBase::monotonic) / tick);
}

Result<Done> getresuid(Task& task, UserOut<Word32> real, UserOut<Word32> effective, UserOut<Word32> saved) {
  return put_ids(task, {task.credentials.uid, task.credentials.euid, task.credentials.suid}, {real, effective, saved});
}
Result<Done> getresgid(Task& task, UserOut<Word32> real, UserOut<Word32> effective, UserOut<Word32> saved) {
  return put_ids(task, {task.credentials.gid, task.credentials.egid, task.credentials.sgid}, {real, effective, saved});
}

}  // namespace cupel::linux_shim
