#include "shims/linux/syscalls/ipc.hh"

#include "libos/fd/fd_table.hh"
#include "libos/ipc/eventfd.hh"
#include "libos/ipc/futex.hh"
#include "libos/ipc/pipe.hh"
#include "libos/fs/file_system.hh"
#include "libos/machine/machine.hh"
#include "libos/mm/address_space.hh"
#include "shims/linux/syscalls/deadline.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

CloseOnExec marked(bool wanted) { return wanted ? CloseOnExec::yes : CloseOnExec::no; }

}  // namespace

Result<Done> pipe2(Task& task, UserOut<FdPair> ends, Flags<PipeFlag> flags) {
  const uint32_t status = flags.has(PipeFlag::nonblock) ? static_cast<uint32_t>(OpenFlag::nonblock) : 0;
  Machine& machine = task.machine();
  Pipe::Ends made = TRY(Pipe::create(machine.files(), task.credentials, machine.config().pipe_size, status));
  const FdTable::Pair numbers = TRY(task.fds().reserve_two());
  TRY(ends.write(task.memory(), {{numbers.first}, {numbers.second}}));
  // From here nothing can fail.
  task.fds().put(numbers.first, made.reader, marked(flags.has(PipeFlag::cloexec)));
  task.fds().put(numbers.second, made.writer, marked(flags.has(PipeFlag::cloexec)));
  return Done{};
}
Result<Done> pipe(Task& task, UserOut<FdPair> ends) { return pipe2(task, ends, {}); }

Result<NewFd<Resource::eventfd>> eventfd2(Task& task, Int value, Flags<EventFdFlag> flags) {
  const uint32_t status = static_cast<uint32_t>(OpenFlag::read_write) | (flags.has(EventFdFlag::nonblock) ? static_cast<uint32_t>(OpenFlag::nonblock) : 0);
  const auto mode = flags.has(EventFdFlag::semaphore) ? EventFd::Mode::semaphore : EventFd::Mode::counter;
  Ref<AnonymousInode> inode = TRY(make_counted<AnonymousInode>(task.arena()));
  Ref<EventFd> made = TRY(make_counted<EventFd>(task.arena(), inode, static_cast<uint32_t>(value.value), mode, status));
  const int32_t number = TRY(task.fds().reserve());
  task.fds().put(number, made, marked(flags.has(EventFdFlag::cloexec)));
  return NewFd<Resource::eventfd>{number};
}
Result<NewFd<Resource::eventfd>> eventfd(Task& task, Int value) { return eventfd2(task, value, {}); }

Result<> check_futex(Task& task, uint64_t address, bool is_private) {
  if (address % 4 != 0) return fail(Errno::inval);
  if (address > user_limit - 4) return fail(Errno::fault);
  return is_private ? Result<>{} : task.space().can_identify(address);
}

Result<uint64_t> futex(Task& task, FutexWord word, Choice<FutexOperation> operation, Int value, OptionalIn<RawTimespec> timeout, FutexWord second, Int third) {
  constexpr uint32_t private_bit = 128, realtime_bit = 256;
  const auto raw = static_cast<uint32_t>(operation.raw);
  const auto which = static_cast<FutexOperation>(raw & ~(private_bit | realtime_bit));
  const bool waits = which == FutexOperation::wait || which == FutexOperation::wait_bitset;
  platform::Nanoseconds deadline = platform::no_deadline;
  if (waits && !timeout.is_null()) {
    const RawTimespec given = TRY(timeout.read(task.memory()));
    const platform::Nanoseconds span = TRY(span_of(given));
    const bool absolute = which == FutexOperation::wait_bitset;
    const auto base = (raw & realtime_bit) != 0 ? platform::ClockBase::realtime : platform::ClockBase::monotonic;
    deadline = absolute ? monotonic_deadline(task, base, span) : deadline_after(task, span);
  }
  if ((raw & realtime_bit) != 0 && which != FutexOperation::wait_bitset) return fail(Errno::nosys);
  const auto count = static_cast<uint32_t>(value.value);
  const auto mask = static_cast<uint32_t>(third.value);
  FutexTable& futexes = task.machine().futexes();
  const FutexTable::Word first{word.address, (raw & private_bit) != 0};
  const auto identified = [&](uint64_t address) { return check_futex(task, address, (raw & private_bit) != 0); };
  const auto many = [](uint32_t wanted) { return static_cast<int32_t>(wanted) < 1 ? 1 : wanted; };  // Linux wakes at least one
  switch (which) {
    case FutexOperation::wait:
    case FutexOperation::wait_bitset: {
      const uint32_t bits = which == FutexOperation::wait ? ~0u : mask;
      if (bits == 0) return fail(Errno::inval);
      TRY(identified(word.address));
      TRY(futexes.wait(task, first, count, bits, deadline));
      return 0;
    }
    case FutexOperation::wake:
    case FutexOperation::wake_bitset: {
      const uint32_t bits = which == FutexOperation::wake ? ~0u : mask;
      if (bits == 0) return fail(Errno::inval);
      TRY(identified(word.address));
      return futexes.wake(task, first, many(count), bits);
    }
    case FutexOperation::requeue:
    case FutexOperation::cmp_requeue: {
      const auto move_count = static_cast<uint32_t>(timeout.address);  // the fourth register is a number here
      if (value.value < 0 || static_cast<int32_t>(move_count) < 0) return fail(Errno::inval);
      TRY(identified(word.address));
      TRY(identified(second.address));
      if (which == FutexOperation::cmp_requeue) {
        uint32_t now = 0;
        TRY(task.memory().read(word.address, std::as_writable_bytes(std::span(&now, 1))));
        if (now != mask) return fail(Errno::again);
      }
      const auto moved = futexes.requeue(task, first, count, {second.address, first.is_private}, move_count);
      return moved.woken + moved.moved;
    }
  }
  return fail(Errno::nosys);
}

}  // namespace cupel::linux_shim
