#include "shims/linux/syscalls/time.hh"

#include <algorithm>
#include <array>

#include "libos/base/page.hh"
#include "shims/linux/syscalls/deadline.hh"

namespace cupel::linux_shim {
namespace {

using platform::ClockBase;
using platform::Nanoseconds;

ClockBase base_of(ClockId clock) { return clock == ClockId::realtime || clock == ClockId::realtime_coarse ? ClockBase::realtime : ClockBase::monotonic; }

RawTimespec split(Nanoseconds time) { return {time / second_ns, time % second_ns}; }

// Sleeps until the deadline; when interrupted, tells how much was left of a relative sleep.
Result<Done> sleep_until(Task& task, Nanoseconds deadline, OptionalOut<RawTimespec> left) {
  for (;;) {
    auto slept = task.sleep(deadline);
    if (slept) continue;  // woken without a reason
    if (slept.error() == Errno::timedout) return Done{};
    if (!left.is_null()) {
      const Nanoseconds rest = std::max<Nanoseconds>(deadline - task.platform().now(ClockBase::monotonic), 0);
      TRY(left.write(task.memory(), split(rest)));
    }
    return fail(slept.error());
  }
}

}  // namespace

Result<Done> clock_gettime(Task& task, Clock clock, UserOut<RawTimespec> out) {
  const ClockId which = TRY(clock.get());
  TRY(out.write(task.memory(), split(task.platform().now(base_of(which)))));
  return Done{};
}

Result<Done> clock_getres(Task& task, Clock clock, OptionalOut<RawTimespec> out) {
  const ClockId which = TRY(clock.get());
  constexpr int64_t tick = 4'000'000;  // of the coarse clocks: CONFIG_HZ=250
  const bool coarse = which == ClockId::realtime_coarse || which == ClockId::monotonic_coarse;
  if (!out.is_null()) TRY(out.write(task.memory(), {0, coarse ? tick : 1}));
  return Done{};
}

Result<Done> gettimeofday(Task& task, OptionalOut<Timeval> out, Address zone) {
  if (!out.is_null()) {
    const RawTimespec now = split(task.platform().now(ClockBase::realtime));
    TRY(out.write(task.memory(), {now.seconds, now.nanoseconds / 1000}));
  }
  if (zone.value != 0) {
    constexpr std::array<std::byte, 8> utc{};
    TRY(task.memory().write(zone.value, utc));
  }
  return Done{};
}

Result<uint64_t> time(Task& task, OptionalOut<uint64_t> out) {
  const auto now = static_cast<uint64_t>(task.platform().now(ClockBase::realtime) / second_ns);
  if (!out.is_null()) TRY(out.write(task.memory(), now));
  return now;
}

Result<Done> nanosleep(Task& task, UserIn<RawTimespec> span, OptionalOut<RawTimespec> left) {
  const Nanoseconds wanted = TRY(span_of(TRY(span.read(task.memory()))));
  return sleep_until(task, deadline_after(task, wanted), left);
}

Result<Done> clock_nanosleep(Task& task, Clock clock, Flags<SleepFlag, Unknown::ignored> flags, UserIn<RawTimespec> span, OptionalOut<RawTimespec> left) {
  const ClockId which = TRY(clock.get());
  if (which == ClockId::monotonic_raw || which == ClockId::realtime_coarse || which == ClockId::monotonic_coarse) return fail(Errno::opnotsupp);
  const Nanoseconds wanted = TRY(span_of(TRY(span.read(task.memory()))));
  if (flags.has(SleepFlag::absolute)) return sleep_until(task, monotonic_deadline(task, base_of(which), wanted), {});
  return sleep_until(task, deadline_after(task, wanted), left);
}

Result<uint64_t> getrandom(Task& task, OutBuffer buffer, Flags<RandomFlag> flags) {
  if (flags.has(RandomFlag::random) && flags.has(RandomFlag::insecure)) return fail(Errno::inval);
  constexpr uint64_t size_max = 0x7fff'f000;
  TRY(user_range<uint64_t>(buffer.address, std::min(buffer.size, size_max), user_limit));
  std::array<std::byte, 256> chunk;
  uint64_t done = 0;
  const uint64_t size = std::min(buffer.size, size_max);
  while (done < size) {
    const auto part = std::span(chunk).first(std::min<uint64_t>(size - done, chunk.size()));
    task.platform().random(part);
    const size_t moved = task.memory().copy_out(buffer.address + done, part);
    done += moved;
    if (moved < part.size()) return done > 0 ? Result<uint64_t>(done) : fail(Errno::fault);
  }
  return done;
}

Result<Done> uname(Task& task, UserOut<RawUtsname> out) {
  constexpr std::array<std::string_view, 6> texts{"Linux", "cupel", "6.1.0", "#1 SMP", "x86_64", "(none)"};
  RawUtsname all{};
  for (size_t index = 0; index < texts.size(); ++index) std::ranges::copy(texts[index], all.texts[index].begin());
  TRY(out.write(task.memory(), all));
  return Done{};
}

}  // namespace cupel::linux_shim
