#include "shims/linux/syscalls/timerfd.hh"

#include "libos/fd/fd_table.hh"
#include "libos/ipc/timerfd.hh"
#include "libos/machine/machine.hh"
#include "shims/linux/syscalls/deadline.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;
using platform::ClockBase;

RawTimer raw(TimerFd::Setting setting) {
  return {setting.interval / second_ns, setting.interval % second_ns, setting.value / second_ns, setting.value % second_ns};
}

Result<Ref<OpenFile>> timer_at(Task& task, RawFd raw_fd) {
  Ref<OpenFile> file = TRY(task.fds().get_io(raw_fd));
  return file->as_timer() != nullptr ? Result<Ref<OpenFile>>(file) : fail(Errno::inval);
}

}  // namespace

Result<NewFd<Resource::timerfd>> timerfd_create(Task& task, Choice<TimerClock, Kind::clock> clock, Flags<TimerFlag> flags) {
  const TimerClock which = TRY(clock.get());
  if (which == TimerClock::realtime_alarm || which == TimerClock::boottime_alarm) return fail(Errno::perm);  // CAP_WAKE_ALARM is nobody's here
  const uint32_t status = static_cast<uint32_t>(OpenFlag::read_write) | (flags.has(TimerFlag::nonblock) ? static_cast<uint32_t>(OpenFlag::nonblock) : 0);
  Ref<AnonymousInode> inode = TRY(make_counted<AnonymousInode>(task.arena()));
  const ClockBase base = which == TimerClock::realtime ? ClockBase::realtime : ClockBase::monotonic;
  Ref<TimerFd> made = TRY(make_counted<TimerFd>(task.arena(), inode, base, status));
  const int32_t number = TRY(task.fds().reserve());
  task.fds().put(number, made, flags.has(TimerFlag::cloexec) ? CloseOnExec::yes : CloseOnExec::no);
  return NewFd<Resource::timerfd>{number};
}

Result<Done> timerfd_settime(Task& task, Fd<Resource::timerfd> fd, Flags<TimerSetFlag, Unknown::late> flags, UserIn<RawTimer> timer, OptionalOut<RawTimer> before) {
  const RawTimer given = TRY(timer.read(task.memory()));
  TRY(flags.checked());
  const TimerFd::Setting setting{TRY(span_of({given.seconds, given.nanoseconds})), TRY(span_of({given.interval_seconds, given.interval_nanoseconds}))};
  const Ref<OpenFile> file = TRY(timer_at(task, fd.raw));
  const TimerFd::Setting old = file->as_timer()->set(task, setting, flags.has(TimerSetFlag::absolute) ? TimerFd::From::zero : TimerFd::From::now);
  // It is set by now, whether or not the old setting can be told.
  if (!before.is_null()) TRY(before.write(task.memory(), raw(old)));
  return Done{};
}

Result<Done> timerfd_gettime(Task& task, Fd<Resource::timerfd> fd, UserOut<RawTimer> out) {
  const Ref<OpenFile> file = TRY(timer_at(task, fd.raw));
  TRY(out.write(task.memory(), raw(file->as_timer()->get(task))));
  return Done{};
}

}  // namespace cupel::linux_shim
