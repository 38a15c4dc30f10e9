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

constexpr uint64_t poll_fds_max_bytes = 1 << 20;

// A file that poll(2) sleeps on: it stays open meanwhile, whatever becomes of its number, and the number is looked up anew
// at each look, as do_pollfd() of Linux's fs/select.c does.
struct Polled {
  explicit Polled(Task& task) : waiter(task) {}
  Ref<OpenFile> file;
  Waiter waiter;
};

// One look at every descriptor; the next change of any is not missed.
uint64_t look(Task& task, std::span<PollFd> fds, Polled* polled) {
  uint64_t ready = 0;
  for (size_t index = 0; index < fds.size(); ++index) {
    PollFd& one = fds[index];
    one.revents.bits = 0;
    if (one.fd.value < 0) continue;
    auto file = task.fds().get_io(RawFd(one.fd.value));
    constexpr auto always = static_cast<uint16_t>(static_cast<uint16_t>(PollEvent::error) | static_cast<uint16_t>(PollEvent::hang_up));
    if (!file) {
      one.revents.bits = static_cast<uint16_t>(PollEvent::invalid);
    } else {
      const bool first = !polled[index].waiter.queued();
      if (first) polled[index].file = *file;
      one.revents.bits = static_cast<uint16_t>((*file)->poll(task, first ? &polled[index].waiter : nullptr) & (one.events.bits | always));
    }
    ready += one.revents.bits != 0 ? 1 : 0;
  }
  return ready;
}

Result<uint64_t> do_poll(Task& task, InOutArray<PollFd> fds, platform::Nanoseconds deadline) {
  const auto count = static_cast<uint32_t>(fds.count);
  if (count > task.fds().descriptors_max()) return fail(Errno::inval);
  const size_t bytes = count * sizeof(PollFd), polled_bytes = count * sizeof(Polled);
  if (bytes > poll_fds_max_bytes) return fail(Errno::inval);
  auto* copy = static_cast<PollFd*>(TRY(task.arena().allocate(bytes == 0 ? 1 : bytes)));
  auto room = task.arena().allocate(polled_bytes == 0 ? 1 : polled_bytes);
  const auto run = [&]() -> Result<uint64_t> {
    if (!room) return fail(Errno::nomem);
    auto* polled = static_cast<Polled*>(*room);
    TRY(task.memory().read(fds.address, {reinterpret_cast<std::byte*>(copy), bytes}));  // SAFETY: PollFd is plain bytes
    for (size_t index = 0; index < count; ++index) new (&polled[index]) Polled(task);
    uint64_t ready = 0;
    Result<> slept{};
    while ((ready = look(task, {copy, count}, polled)) == 0 && slept && deadline != 0) slept = task.sleep(deadline);
    for (size_t index = 0; index < count; ++index) polled[index].~Polled();
    // do_sys_poll() of Linux's fs/select.c looks at the address only now, even of no entries, and before it looks for signals.
    if (fds.address > user_limit) return fail(Errno::fault);
    if (ready == 0 && !slept && slept.error() == Errno::intr) return fail(Errno::intr);
    for (size_t index = 0; index < count; ++index) {
      // Only revents goes back: the rest may have been changed by another task meanwhile, and is its own.
      const uint64_t at = fds.address + index * sizeof(PollFd) + 6;
      TRY(task.memory().write(at, std::as_bytes(std::span(&copy[index].revents.bits, 1))));
    }
    return ready;
  };
  auto done = run();
  if (room) task.arena().free(*room, polled_bytes == 0 ? 1 : polled_bytes);
  task.arena().free(copy, bytes == 0 ? 1 : bytes);
  return done;
}

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
  // get_futex_key() of Linux's kernel/futex/core.c: a private futex is its address, any other the page behind it.
  const auto identified = [&](uint64_t address) -> Result<> {
    if (address % 4 != 0) return fail(Errno::inval);
    if (address > user_limit - 4) return fail(Errno::fault);
    return (raw & private_bit) != 0 ? Result<>{} : task.space().can_identify(address);
  };
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

Result<uint64_t> poll(Task& task, InOutArray<PollFd> fds, Int timeout_ms) {
  constexpr platform::Nanoseconds millisecond = 1'000'000;
  const auto deadline = timeout_ms.value < 0 ? platform::no_deadline : timeout_ms.value == 0 ? 0 : deadline_after(task, timeout_ms.value * millisecond);
  return do_poll(task, fds, deadline);
}

Result<uint64_t> ppoll(Task& task, InOutArray<PollFd> fds, OptionalIn<RawTimespec> timeout, Address mask, Size mask_size) {
  platform::Nanoseconds deadline = platform::no_deadline;
  if (!timeout.is_null()) {
    const platform::Nanoseconds span = TRY(span_of(TRY(timeout.read(task.memory()))));
    deadline = span == 0 ? 0 : deadline_after(task, span);
  }
  if (mask.value != 0) {
    if (mask_size.value != 8) return fail(Errno::inval);
    uint64_t ignored = 0;  // no signal can arrive yet, so a mask changes nothing; that it is readable is checked
    TRY(task.memory().read(mask.value, std::as_writable_bytes(std::span(&ignored, 1))));
  }
  return do_poll(task, fds, deadline);
}

}  // namespace cupel::linux_shim
