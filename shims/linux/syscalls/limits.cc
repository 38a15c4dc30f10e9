#include "shims/linux/syscalls/limits.hh"

#include "libos/machine/machine.hh"
#include "libos/task/process.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr uint64_t descriptors_ever = 1 << 20;  // fs.nr_open

// do_prlimit() of Linux's kernel/sys.c: what the limit was. Nobody here may raise a hard one (CAP_SYS_RESOURCE).
Result<Limit> change_limit(Process& process, Choice<ResourceLimit> resource, const RawLimit* wanted) {
  const auto what = static_cast<LimitOf>(TRY(resource.get()));
  Limit& limit = process.limits[what];
  const Limit before = limit;
  if (wanted == nullptr) return before;
  if (wanted->soft.value > wanted->hard.value) return fail(Errno::inval);
  if (what == LimitOf::descriptors && wanted->hard.value > descriptors_ever) return fail(Errno::perm);
  if (wanted->hard.value > before.hard) return fail(Errno::perm);
  limit = {wanted->soft.value, wanted->hard.value};
  return before;
}

}  // namespace

Result<Done> getrlimit(Task& task, Choice<ResourceLimit> resource, UserOut<RawLimit> out) {
  const Limit now = TRY(change_limit(task.process(), resource, nullptr));
  TRY(out.write(task.memory(), {{now.soft}, {now.hard}}));
  return Done{};
}

Result<Done> setrlimit(Task& task, Choice<ResourceLimit> resource, UserIn<RawLimit> wanted) {
  const RawLimit limit = TRY(wanted.read(task.memory()));
  TRY(change_limit(task.process(), resource, &limit));
  return Done{};
}

Result<Done> prlimit64(Task& task, TaskId pid, Choice<ResourceLimit> resource, OptionalIn<RawLimit> wanted, OptionalOut<RawLimit> out) {
  RawLimit limit{};
  if (!wanted.is_null()) limit = TRY(wanted.read(task.memory()));
  Task* const other = pid.value == 0 ? &task : task.machine().find_named(pid.value);
  if (other == nullptr) return fail(Errno::srch);
  const Limit before = TRY(change_limit(other->process(), resource, wanted.is_null() ? nullptr : &limit));
  // The limit has changed even where the old one cannot be told.
  if (!out.is_null()) TRY(out.write(task.memory(), {{before.soft}, {before.hard}}));
  return Done{};
}

}  // namespace cupel::linux_shim
