#include "shims/linux/syscalls/epoll.hh"

#include "libos/base/page.hh"
#include "libos/fd/fd_table.hh"
#include "libos/machine/machine.hh"
#include "shims/linux/syscalls/poll.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;
using platform::Nanoseconds;

constexpr uint32_t bit(PollEvent event) { return static_cast<uint32_t>(event); }
constexpr uint32_t bit(EpollEvent event) { return static_cast<uint32_t>(event); }

// Writes events to where a guest wants them, one after the other.
class EventsOut final : public Epoll::Sink {
 public:
  EventsOut(const GuestMemory& memory, uint64_t address) : memory_(memory), address_(address) {}
  bool put(uint32_t events, uint64_t data) override {
    const RawEpollEvent event{{events}, static_cast<uint32_t>(data), static_cast<uint32_t>(data >> 32)};
    if (!memory_.write(address_, std::as_bytes(std::span(&event, 1)))) return false;
    address_ += sizeof(event);
    return true;
  }

 private:
  const GuestMemory& memory_;
  uint64_t address_;
};

// do_epoll_wait() of Linux's fs/eventpoll.c. A deadline of 0 is one look.
Result<uint64_t> wait(Task& task, RawFd raw, InOutArray<RawEpollEvent> events, Nanoseconds deadline) {
  Ref<OpenFile> file = TRY(task.fds().get_io(raw));
  const auto count = static_cast<int32_t>(static_cast<uint32_t>(events.count));
  constexpr int32_t count_max = INT32_MAX / sizeof(RawEpollEvent);
  if (count <= 0 || count > count_max) return fail(Errno::inval);
  TRY(user_range<uint64_t>(events.address, static_cast<uint64_t>(count) * sizeof(RawEpollEvent), user_limit));
  Epoll* const epoll = file->as_epoll();
  if (epoll == nullptr) return fail(Errno::inval);
  EventsOut out(task.memory(), events.address);
  Waiter waiter(task);
  for (;;) {
    epoll->tick(task);
    const uint64_t given = TRY(epoll->take(task, static_cast<uint64_t>(count), out));
    if (given > 0 || deadline == 0) return given;
    if (!waiter.queued()) epoll->changed.add(waiter);
    const auto slept = sleep_to_look(task, deadline, epoll->next_tick(task));
    if (slept) continue;
    if (slept.error() != Errno::timedout) return fail(slept.error());
    deadline = 0;  // one more look
  }
}

}  // namespace

Result<NewFd<Resource::epoll>> epoll_create1(Task& task, Flags<EpollCreateFlag> flags) {
  Ref<AnonymousInode> inode = TRY(make_counted<AnonymousInode>(task.arena()));
  Ref<Epoll> made = TRY(make_counted<Epoll>(task.arena(), inode));
  const int32_t number = TRY(task.fds().reserve());
  task.fds().put(number, made, flags.has(EpollCreateFlag::cloexec) ? CloseOnExec::yes : CloseOnExec::no);
  return NewFd<Resource::epoll>{number};
}

Result<NewFd<Resource::epoll>> epoll_create(Task& task, Int size) {
  if (size.value <= 0) return fail(Errno::inval);
  return epoll_create1(task, {});
}

// do_epoll_ctl(): the order in which things are looked at is Linux's.
Result<Done> epoll_ctl(Task& task, Fd<Resource::epoll> epoll_fd, Choice<EpollOperation> operation, Fd<> fd, UserIn<RawEpollEvent> event) {
  const auto which = static_cast<EpollOperation>(operation.raw);
  Epoll::Interest interest{};
  if (which != EpollOperation::remove) {
    const RawEpollEvent given = TRY(event.read(task.memory()));
    interest = {given.events.bits & ~bit(EpollEvent::wake_up), static_cast<uint64_t>(given.data_high) << 32 | given.data_low};  // CAP_BLOCK_SUSPEND is nobody's here
  }
  const Ref<OpenFile> watching = TRY(task.fds().get_io(epoll_fd.raw)), watched = TRY(task.fds().get_io(fd.raw));
  if (!watched->can_poll()) return fail(Errno::perm);
  Epoll* const epoll = watching->as_epoll();
  if (watching == watched || epoll == nullptr) return fail(Errno::inval);
  const bool exclusive = (interest.events & bit(EpollEvent::exclusive)) != 0;
  constexpr uint32_t with_exclusive =
      bit(PollEvent::in) | bit(PollEvent::out) | bit(PollEvent::error) | bit(PollEvent::hang_up) | bit(EpollEvent::edge) | bit(EpollEvent::exclusive);
  if (exclusive && which == EpollOperation::modify) return fail(Errno::inval);
  if (exclusive && which == EpollOperation::add && (watched->as_epoll() != nullptr || (interest.events & ~with_exclusive) != 0)) return fail(Errno::inval);
  interest.events |= bit(PollEvent::error) | bit(PollEvent::hang_up);
  const auto number = static_cast<int32_t>(fd.raw);
  switch (which) {
    case EpollOperation::add: TRY(epoll->add(task, *watched, number, interest)); return Done{};
    case EpollOperation::modify: TRY(epoll->change(task, *watched, number, interest)); return Done{};
    case EpollOperation::remove: TRY(epoll->remove(*watched, number)); return Done{};
  }
  return fail(Errno::inval);
}

Result<uint64_t> epoll_wait(Task& task, Fd<Resource::epoll> epoll, InOutArray<RawEpollEvent> events, Int timeout_ms) {
  return wait(task, epoll.raw, events, deadline_in_ms(task, timeout_ms.value));
}
Result<uint64_t> epoll_pwait(Task& task, Fd<Resource::epoll> epoll, InOutArray<RawEpollEvent> events, Int timeout_ms, Address mask, Size mask_size) {
  TRY(check_mask(task, mask.value, mask_size.value));
  return epoll_wait(task, epoll, events, timeout_ms);
}
Result<uint64_t> epoll_pwait2(Task& task, Fd<Resource::epoll> epoll, InOutArray<RawEpollEvent> events, OptionalIn<RawTimespec> timeout, Address mask, Size mask_size) {
  const Nanoseconds deadline = TRY(deadline_of(task, timeout));
  TRY(check_mask(task, mask.value, mask_size.value));
  return wait(task, epoll.raw, events, deadline);
}

}  // namespace cupel::linux_shim
