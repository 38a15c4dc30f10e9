#include "libos/ipc/eventfd.hh"

#include "libos/task/task.hh"

namespace cupel::libos {
namespace {

constexpr uint64_t value_max = UINT64_MAX - 1;

}  // namespace

Result<uint64_t> EventFd::read(Task& task, UserCursor& out, const uint64_t* at) {
  if (at != nullptr) return fail(Errno::spipe);
  if (out.remaining() < sizeof value_) return fail(Errno::inval);
  Waiter waiter(task);
  while (value_ == 0) {
    if (has(OpenFlag::nonblock)) return fail(Errno::again);
    if (!waiter.queued()) changed_.add(waiter);
    TRY(task.sleep(platform::no_deadline));
  }
  const uint64_t given = mode_ == Mode::semaphore ? 1 : value_;
  value_ -= given;
  changed_.wake_all(static_cast<uint32_t>(PollEvent::out));
  // Linux takes the value even where it cannot be handed over.
  if (out.put(std::as_bytes(std::span(&given, 1))) < sizeof given) return fail(Errno::fault);
  return sizeof given;
}

Result<uint64_t> EventFd::write(Task& task, UserCursor& in, const uint64_t* at) {
  if (at != nullptr) return fail(Errno::spipe);
  if (in.remaining() != sizeof value_) return fail(Errno::inval);
  uint64_t added = 0;
  if (in.take(std::as_writable_bytes(std::span(&added, 1))) < sizeof added) return fail(Errno::fault);
  if (added == UINT64_MAX) return fail(Errno::inval);
  Waiter waiter(task);
  while (value_max - value_ < added) {
    if (has(OpenFlag::nonblock)) return fail(Errno::again);
    if (!waiter.queued()) changed_.add(waiter);
    TRY(task.sleep(platform::no_deadline));
  }
  value_ += added;
  changed_.wake_all(static_cast<uint32_t>(PollEvent::in));
  return sizeof added;
}

uint16_t EventFd::poll(Task&, Watcher* watcher) {
  if (watcher != nullptr) changed_.add(*watcher);
  uint16_t events = 0;
  if (value_ > 0) events |= static_cast<uint16_t>(PollEvent::in);
  if (value_ < value_max) events |= static_cast<uint16_t>(PollEvent::out);
  if (value_ == UINT64_MAX) events |= static_cast<uint16_t>(PollEvent::error);
  return events;
}

}  // namespace cupel::libos
