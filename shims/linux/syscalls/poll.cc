#include "shims/linux/syscalls/poll.hh"

#include <algorithm>
#include <new>

#include "libos/base/page.hh"
#include "libos/fd/fd_table.hh"
#include "libos/machine/machine.hh"
#include "shims/linux/syscalls/deadline.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;
using platform::Nanoseconds;

constexpr uint32_t bit(PollEvent event) { return static_cast<uint32_t>(event); }
constexpr uint64_t poll_fds_max_bytes = 1 << 20;

// So many things in the arena, taken back with this.
template <class T>
class Some {
 public:
  static Result<Some> make(Arena& arena, size_t count) { return Some(arena, static_cast<T*>(TRY(arena.allocate(std::max<size_t>(1, count * sizeof(T))))), count); }
  Some(Some&& other) noexcept : arena_(other.arena_), items_(std::exchange(other.items_, nullptr)), count_(other.count_) {}
  ~Some() {
    if (items_ != nullptr) arena_.free(items_, std::max<size_t>(1, count_ * sizeof(T)));
  }
  std::span<T> span() const { return {items_, count_}; }

 private:
  Some(Arena& arena, T* items, size_t count) : arena_(arena), items_(items), count_(count) {}
  Arena& arena_;
  T* items_;
  size_t count_;
};

// A file that is slept on: it stays open meanwhile, whatever becomes of its number, and the number is looked up anew at each
// look, as do_pollfd() of Linux's fs/select.c does.
struct Polled {
  explicit Polled(Task& task) : waiter(task) {}
  Ref<OpenFile> file;
  Waiter waiter;
};

// One call's places in the queues of what it waits for.
class Places {
 public:
  Places(Task& task, std::span<Polled> room) : task_(task), room_(room) {
    for (Polled& place : room_) new (&place) Polled(task);
  }
  Places(const Places&) = delete;
  ~Places() {
    for (Polled& place : room_) place.~Polled();
  }
  // What there is of a file now; its next change will wake the task.
  uint32_t look(const Ref<OpenFile>& file, size_t index) {
    Polled& place = room_[index];
    file->tick(task_);
    tick_ = std::min(tick_, file->next_tick(task_));
    const bool first = !place.waiter.queued();
    if (first) place.file = file;
    return file->poll(task_, first ? &place.waiter : nullptr);
  }
  // The file that the task sleeps on there, if it does.
  const Ref<OpenFile>& held(size_t index) const { return room_[index].file; }
  // When the clocks that were looked at since the last time tick next.
  Nanoseconds take_tick() { return std::exchange(tick_, platform::no_deadline); }

 private:
  Task& task_;
  std::span<Polled> room_;
  Nanoseconds tick_ = platform::no_deadline;
};

// Looks until something is ready, the deadline (0: at once) has passed or the wait is interrupted, which is an error only where
// nothing is ready.
template <class Look>
Result<uint64_t> look_until(Task& task, Places& places, Nanoseconds deadline, Look look) {
  for (;;) {
    const uint64_t ready = look();
    if (ready > 0 || deadline == 0) return ready;
    const auto slept = sleep_to_look(task, deadline, places.take_tick());
    if (slept) continue;
    const uint64_t at_last = look();
    return at_last > 0 || slept.error() == Errno::timedout ? Result<uint64_t>(at_last) : fail(slept.error());
  }
}

// One look at every descriptor.
uint64_t look_at(Task& task, std::span<PollFd> fds, Places& places) {
  constexpr uint32_t always = bit(PollEvent::error) | bit(PollEvent::hang_up);
  uint64_t ready = 0;
  for (size_t index = 0; index < fds.size(); ++index) {
    PollFd& one = fds[index];
    one.revents.bits = 0;
    if (one.fd.value < 0) continue;
    auto file = task.fds().get_io(RawFd(one.fd.value));
    const uint32_t events = file ? places.look(*file, index) & (one.events.bits | always) : bit(PollEvent::invalid);
    one.revents.bits = static_cast<uint16_t>(events);
    ready += events != 0 ? 1 : 0;
  }
  return ready;
}

Result<uint64_t> do_poll(Task& task, InOutArray<PollFd> fds, Nanoseconds deadline) {
  const auto count = static_cast<uint32_t>(fds.count);
  if (count > task.fds().descriptors_max()) return fail(Errno::inval);
  const size_t bytes = count * sizeof(PollFd);
  if (bytes > poll_fds_max_bytes) return fail(Errno::inval);
  const auto copy = TRY(Some<PollFd>::make(task.arena(), count));
  const auto room = TRY(Some<Polled>::make(task.arena(), count));
  TRY(task.memory().read(fds.address, std::as_writable_bytes(copy.span())));
  Places places(task, room.span());
  const auto ready = look_until(task, places, deadline, [&] { return look_at(task, copy.span(), places); });
  // do_sys_poll() of Linux's fs/select.c looks at the address only now, even of no entries, and before it looks for signals.
  if (fds.address > user_limit) return fail(Errno::fault);
  if (!ready) return ready;
  for (size_t index = 0; index < count; ++index) {
    // Only revents goes back: the rest may have been changed by another task meanwhile, and is its own.
    const uint64_t at = fds.address + index * sizeof(PollFd) + 6;
    TRY(task.memory().write(at, std::as_bytes(std::span(&copy.span()[index].revents.bits, 1))));
  }
  return ready;
}

// select(2)'s three sets, as they were asked for and as they come out.
struct Sets {
  static constexpr size_t count = 3;
  // POLLIN_SET, POLLOUT_SET and POLLEX_SET of fs/select.c.
  static constexpr std::array<uint32_t, count> events{
      bit(PollEvent::read_normal) | bit(PollEvent::read_band) | bit(PollEvent::in) | bit(PollEvent::hang_up) | bit(PollEvent::error) | bit(PollEvent::invalid),
      bit(PollEvent::write_band) | bit(PollEvent::write_normal) | bit(PollEvent::out) | bit(PollEvent::error) | bit(PollEvent::invalid),
      bit(PollEvent::pri) | bit(PollEvent::invalid)};
  std::array<std::span<uint64_t>, count> asked, answers;

  bool wants(size_t set, size_t number) const { return (asked[set][number / 64] >> number % 64 & 1) != 0; }
  bool any_wants(size_t number) const { return wants(0, number) || wants(1, number) || wants(2, number); }
};

uint64_t look_at(Task& task, uint32_t count, Sets& sets, Places& places) {
  uint64_t ready = 0;
  for (const auto& answers : sets.answers) std::ranges::fill(answers, 0);
  for (uint32_t number = 0; number < count; ++number) {
    if (!sets.any_wants(number)) continue;
    // Once begun, the files stay those that the numbers stood for: what comes of closing one meanwhile is not specified.
    Ref<OpenFile> file = places.held(number);
    if (!file) file = task.fds().get_io(RawFd(static_cast<int32_t>(number))).value_or(nullptr);
    const uint32_t events = file ? places.look(file, number) : bit(PollEvent::invalid);
    for (size_t set = 0; set < Sets::count; ++set) {
      if (!sets.wants(set, number) || (events & Sets::events[set]) == 0) continue;
      sets.answers[set][number / 64] |= uint64_t{1} << number % 64;
      ++ready;
    }
  }
  return ready;
}

// core_sys_select() of fs/select.c. Sets are read and written a word at a time.
Result<uint64_t> do_select(Task& task, int32_t wanted_count, const std::array<uint64_t, Sets::count>& addresses, Nanoseconds deadline) {
  if (wanted_count < 0) return fail(Errno::inval);
  const uint32_t table_size = std::max(64u, (task.fds().slot_count() + 63) / 64 * 64);  // as a table of Linux's begins
  const uint32_t count = std::min(static_cast<uint32_t>(wanted_count), table_size), words = (count + 63) / 64;
  const auto store = TRY(Some<uint64_t>::make(task.arena(), 2 * Sets::count * words));
  const auto room = TRY(Some<Polled>::make(task.arena(), count));
  std::ranges::fill(store.span(), 0);
  Sets sets;
  for (size_t set = 0; set < Sets::count; ++set) {
    sets.asked[set] = store.span().subspan(set * words, words);
    sets.answers[set] = store.span().subspan((Sets::count + set) * words, words);
    if (addresses[set] != 0) TRY(task.memory().read(addresses[set], std::as_writable_bytes(sets.asked[set])));
  }
  for (uint32_t number = 0; number < count; ++number) {
    if (sets.any_wants(number)) static_cast<void>(TRY(task.fds().get(RawFd(static_cast<int32_t>(number)))));
  }
  Places places(task, room.span());
  const uint64_t ready = TRY(look_until(task, places, deadline, [&] { return look_at(task, count, sets, places); }));
  for (size_t set = 0; set < Sets::count; ++set) {
    if (addresses[set] != 0) TRY(task.memory().write(addresses[set], std::as_bytes(sets.answers[set])));
  }
  return ready;
}

}  // namespace

Result<> check_mask(Task& task, uint64_t address, uint64_t size) {
  if (address == 0) return {};
  if (size != sizeof(uint64_t)) return fail(Errno::inval);
  uint64_t ignored = 0;
  return task.memory().read(address, std::as_writable_bytes(std::span(&ignored, 1)));
}

Result<> sleep_to_look(Task& task, Nanoseconds deadline, Nanoseconds tick) {
  const auto slept = task.sleep(std::min(deadline, tick));
  return slept || slept.error() != Errno::timedout || tick >= deadline ? slept : Result<>{};
}

Nanoseconds deadline_in_ms(Task& task, int32_t milliseconds) {
  constexpr Nanoseconds millisecond = 1'000'000;
  return milliseconds < 0 ? platform::no_deadline : milliseconds == 0 ? 0 : deadline_after(task, milliseconds * millisecond);
}

Result<Nanoseconds> deadline_of(Task& task, OptionalIn<RawTimespec> timeout) {
  if (timeout.is_null()) return platform::no_deadline;
  const Nanoseconds span = TRY(span_of(TRY(timeout.read(task.memory()))));
  return span == 0 ? 0 : deadline_after(task, span);
}

Result<uint64_t> poll(Task& task, InOutArray<PollFd> fds, Int timeout_ms) { return do_poll(task, fds, deadline_in_ms(task, timeout_ms.value)); }

Result<uint64_t> ppoll(Task& task, InOutArray<PollFd> fds, OptionalIn<RawTimespec> timeout, Address mask, Size mask_size) {
  const Nanoseconds deadline = TRY(deadline_of(task, timeout));
  TRY(check_mask(task, mask.value, mask_size.value));
  return do_poll(task, fds, deadline);
}

Result<uint64_t> select(Task& task, Int count, OptionalInOut<FdSet> in, OptionalInOut<FdSet> out, OptionalInOut<FdSet> except, OptionalIn<Timeval> timeout) {
  Nanoseconds deadline = platform::no_deadline;
  if (!timeout.is_null()) {
    const Timeval given = TRY(timeout.read(task.memory()));
    constexpr int64_t second_us = 1'000'000;
    RawTimespec time{0, given.microseconds % second_us * 1000};
    if (__builtin_add_overflow(given.seconds, given.microseconds / second_us, &time.seconds)) return fail(Errno::inval);
    const Nanoseconds span = TRY(span_of(time));
    deadline = span == 0 ? 0 : deadline_after(task, span);
  }
  return do_select(task, count.value, {in.address, out.address, except.address}, deadline);
}

Result<uint64_t> pselect6(Task& task, Int count, OptionalInOut<FdSet> in, OptionalInOut<FdSet> out, OptionalInOut<FdSet> except, OptionalIn<RawTimespec> timeout, Address mask) {
  struct Mask {
    uint64_t address, size;
  } given{};
  if (mask.value != 0) TRY(task.memory().read(mask.value, std::as_writable_bytes(std::span(&given, 1))));
  const Nanoseconds deadline = TRY(deadline_of(task, timeout));
  TRY(check_mask(task, given.address, given.size));
  return do_select(task, count.value, {in.address, out.address, except.address}, deadline);
}

}  // namespace cupel::linux_shim
