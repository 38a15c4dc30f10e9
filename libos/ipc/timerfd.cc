#include "libos/ipc/timerfd.hh"

#include <algorithm>

#include "libos/task/task.hh"

namespace cupel::libos {
namespace {

constexpr auto read_event = static_cast<uint16_t>(PollEvent::in);

platform::Nanoseconds later(platform::Nanoseconds time, platform::Nanoseconds span) { return span > platform::no_deadline - time ? platform::no_deadline : time + span; }

platform::Nanoseconds times(uint64_t count, platform::Nanoseconds span) {
  platform::Nanoseconds product = 0;
  return __builtin_mul_overflow(static_cast<platform::Nanoseconds>(count), span, &product) ? platform::no_deadline : product;
}

}  // namespace

void TimerFd::tick(Task& task) {
  if (due_ == 0 || expired_ || task.platform().now(clock_) < due_) return;
  expired_ = true;
  changed_.wake_all(read_event);
}

// As a moment of the monotonic clock, which is what a wait's deadline is.
platform::Nanoseconds TimerFd::next_tick(Task& task) {
  if (due_ == 0 || expired_) return platform::no_deadline;
  if (clock_ == platform::ClockBase::monotonic) return due_;
  const Nanoseconds left = std::max<Nanoseconds>(due_ - task.platform().now(clock_), 1);
  return later(task.platform().now(platform::ClockBase::monotonic), left);
}

// How often it has run out since it was read.
uint64_t TimerFd::count_due(Nanoseconds now) const { return interval_ == 0 ? 1 : static_cast<uint64_t>((now - due_) / interval_) + 1; }

// It has been taken notice of: on to the next time, if there is one.
void TimerFd::advance(Nanoseconds now) {
  due_ = interval_ == 0 ? 0 : later(due_, times(count_due(now), interval_));
  expired_ = false;
}

Result<uint64_t> TimerFd::read(Task& task, UserCursor& out, const uint64_t* at) {
  if (at != nullptr) return fail(Errno::spipe);
  if (out.remaining() < sizeof(uint64_t)) return fail(Errno::inval);
  Waiter waiter(task);
  for (tick(task); !expired_; tick(task)) {
    if (has(OpenFlag::nonblock)) return fail(Errno::again);
    if (!waiter.queued()) changed_.add(waiter);
    const auto slept = task.sleep(next_tick(task));
    if (!slept && slept.error() != Errno::timedout) return fail(slept.error());
  }
  const Nanoseconds now = std::max(task.platform().now(clock_), due_);
  const uint64_t count = count_due(now);
  advance(now);
  // Linux takes the count even where it cannot be handed over.
  const size_t moved = out.put(std::as_bytes(std::span(&count, 1)));
  return moved > 0 ? Result<uint64_t>(moved) : fail(Errno::fault);
}

uint16_t TimerFd::poll(Task&, Watcher* watcher) {
  if (watcher != nullptr) changed_.add(*watcher);
  return expired_ ? read_event : 0;
}

TimerFd::Setting TimerFd::get(Task& task) {
  tick(task);
  const Nanoseconds now = task.platform().now(clock_);
  if (due_ == 0) return {0, interval_};
  if (!expired_) return {std::max<Nanoseconds>(due_ - now, 1), interval_};
  if (interval_ == 0) return {0, 0};
  const Nanoseconds next = later(due_, times(count_due(now), interval_));
  return {std::max<Nanoseconds>(next - now, 1), interval_};
}

TimerFd::Setting TimerFd::set(Task& task, Setting setting, From from) {
  const Setting before = get(task);
  interval_ = setting.interval;
  expired_ = false;
  due_ = setting.value == 0 ? 0 : from == From::zero ? setting.value : later(task.platform().now(clock_), setting.value);
  changed_.wake_all();  // who sleeps until the old time has to look at the new one
  tick(task);
  return before;
}

}  // namespace cupel::libos
