// poll, ppoll.
#include <poll.h>

#include "props/model/clocks.hh"
#include "props/model/epolls.hh"
#include "props/model/rules.hh"
#include "props/model/streams.hh"

namespace cupel::props {

Readiness readiness_of(const World& world, const OpenFile& file) {
  Readiness ready;
  const auto certain = [&](bool holds, uint32_t bits) { ready.certain |= holds ? bits : 0; };
  if (file.counter != CounterId::none) {
    const Counter& counter = world.counters[file.counter];
    if (counter.unsure) return {0, POLLIN | POLLOUT | POLLERR};
    certain(counter.value > 0, POLLIN);
    certain(counter.value < UINT64_MAX - 1, POLLOUT);
  } else if (file.pipe != PipeId::none) {
    const Pipe& pipe = world.pipes[file.pipe];
    const size_t capacity = world.bounds.config.pipe_size;
    if (file.readable()) {
      certain(pipe.size() > 0, POLLIN | POLLRDNORM);
      certain(pipe.writers == 0, POLLHUP);
      if (pipe.unsure) ready.possible |= POLLIN | POLLRDNORM;
    } else {
      // Linux asks for a free page, POSIX for room for any byte.
      const bool free_page = pipe.fragments.size() < capacity / page_size;
      const bool room = pipe.size() + page_size <= capacity;
      certain(free_page && room && !pipe.unsure, POLLOUT | POLLWRNORM);
      if (pipe.size() < capacity || pipe.unsure) ready.possible |= POLLOUT | POLLWRNORM;
      certain(pipe.readers == 0, POLLERR);
    }
  } else if (file.timer != TimerId::none) {
    return timer_readiness(world, world.timers[file.timer]);
  } else if (file.epoll != EpollId::none) {
    for (const EpollEntry& entry : world.epolls[file.epoll].entries) {
      const Readiness one = entry_readiness(world, entry);
      if (one.certain != 0) ready.certain = POLLIN | POLLRDNORM;
      if (one.possible != 0) ready.possible = POLLIN | POLLRDNORM;
    }
  } else {
    ready.certain = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
  }
  ready.possible |= ready.certain;
  return ready;
}

namespace {

struct PollFd {
  int32_t fd;
  uint16_t events;
  uint16_t revents;
};

// What one entry says of that file. The errors are told without being asked for.
Readiness file_readiness(const Call& call, FileId id, uint16_t events) {
  const uint32_t asked = events | POLLERR | POLLHUP;
  const Readiness ready = readiness_of(call.world, call.at(id));
  return {ready.certain & asked, ready.possible & asked};
}

FileId entry_file(const Call& call, const PollFd& entry) {
  const FileId id = entry.fd < 0 ? FileId::none : call.file_id(entry.fd);
  return id == FileId::none || call.at(id).is_path() ? FileId::none : id;
}

// What one entry will say: a number is looked up whenever Linux looks.
Readiness entry_readiness(const Call& call, const PollFd& entry) {
  if (entry.fd < 0) return {};
  const FileId id = entry_file(call, entry);
  return id == FileId::none ? Readiness{POLLNVAL, POLLNVAL} : file_readiness(call, id, entry.events);
}

enum class Wait : uint8_t { none, bounded, forever };

constexpr size_t revents_offset = 6;
uint64_t entry_address(const Call& call, uint32_t index) { return call.address(0) + index * sizeof(PollFd); }
uint64_t revents_address(const Call& call, uint32_t index) { return entry_address(call, index) + revents_offset; }

// How many entries are ready: certainly, and possibly. EFAULT where an entry cannot be read.
struct ReadyCount {
  int64_t certain = 0;
  int64_t possible = 0;
};
Result<ReadyCount> count_ready(const Call& call, uint32_t count) {
  ReadyCount ready;
  for (uint32_t index = 0; index < count; ++index) {
    const auto entry = TRY(call.read_once<PollFd>(entry_address(call, index)));
    const Readiness one = entry_readiness(call, entry);
    call.polls(entry_file(call, entry));
    ready.certain += one.certain != 0;
    ready.possible += one.possible != 0;
  }
  return ready;
}

// Whether nothing wakes the call: it waits on the files that its numbers stood for when it went to sleep. That others close
// such a number, or put another file there, wakes nobody.
bool sleeps_on(const Call& call, uint32_t count) {
  if (!call.resumed() || call.task.polled.size() != count) return false;
  for (uint32_t index = 0; index < count; ++index) {
    const FileId id = call.task.polled[index];
    const auto entry = call.read_once<PollFd>(entry_address(call, index));
    if (id != FileId::none && entry && file_readiness(call, id, entry->events).certain != 0) return false;
  }
  return true;
}

bool can_tell(const Call& call, uint32_t count) {
  for (uint32_t index = 0; index < count; ++index) {
    if (call.writable(revents_address(call, index), sizeof(uint16_t)) < sizeof(uint16_t)) return false;
  }
  return true;
}

// `time_left`: where ppoll(2) may tell how much of its timeout is left; zero for nowhere.
Result<> poll_entries(const Call& call, Allowed& allowed, Wait wait, uint64_t time_left) {
  constexpr size_t time_size = sizeof(Timespec);
  const auto count = call.arg<uint32_t>(1);
  const auto told_time = [&] {
    if (time_left != 0) allowed.writes_anything(time_left, call.writable(time_left, time_size));
  };
  if (!call.resumed() && count > call.descriptors_max()) {  // a limit that is lowered later is no matter
    allowed.fails_with_effect(Errno::inval);
    return told_time(), Result<>{};
  }
  const auto ready = count_ready(call, count);
  if (!ready) {
    allowed.fails_with_effect(ready.error());
    return told_time(), Result<>{};
  }
  if (count == 0 && call.address(0) > user_limit) {
    // Linux looks at the address of no entries after it has waited.
    allowed.fails_with_effect(Errno::fault);
    told_time();
  }
  if ((ready->certain == 0 || sleeps_on(call, count)) && wait != Wait::none) allowed.blocks();
  const int64_t least = ready->certain > 0 || wait != Wait::forever ? ready->certain : 1;
  if (least > ready->possible) {
    // An interrupted wait tells that nothing is ready, or fails to.
    if (!can_tell(call, count)) {
      allowed.fails_with_effect(Errno::fault);
      allowed.only_with(Fault::wait);
    }
    for (uint32_t index = 0; index < count; ++index) allowed.may_scribble(revents_address(call, index), sizeof(uint16_t));
    return {};
  }
  if (!can_tell(call, count)) {
    allowed.fails_with_effect(Errno::fault);
  } else {
    allowed.returns(least, ready->possible);
  }
  for (uint32_t index = 0; index < count; ++index) {
    const Readiness one = entry_readiness(call, *call.read_once<PollFd>(entry_address(call, index)));
    const auto bits = static_cast<uint16_t>(one.certain);
    const auto mask = static_cast<uint16_t>(~(one.possible & ~one.certain));
    const uint64_t address = revents_address(call, index);
    if (!can_tell(call, count)) allowed.writes_anything(address, call.writable(address, sizeof(bits)));
    else allowed.writes(address, std::as_bytes(std::span(&bits, 1)), std::as_bytes(std::span(&mask, 1)));
  }
  told_time();
  return {};
}

}  // namespace

namespace rules {

Result<> poll(const Call& call, Allowed& allowed) {
  const auto timeout = call.arg<int32_t>(2);
  return poll_entries(call, allowed, timeout == 0 ? Wait::none : timeout < 0 ? Wait::forever : Wait::bounded, 0);
}

Result<> ppoll(const Call& call, Allowed& allowed) {
  Wait wait = Wait::forever;
  if (call.address(2) != 0) {
    const auto timeout = TRY(call.read_once<Timespec>(call.address(2)));
    if (!is_valid(timeout)) return fail(Errno::inval);
    wait = timeout.seconds == 0 && timeout.nanoseconds == 0 ? Wait::none : Wait::bounded;
  }
  if (call.address(3) != 0) {
    if (call.arg<uint64_t>(4) != sizeof(uint64_t)) return fail(Errno::inval);
    if (const auto mask = call.read_once<uint64_t>(call.address(3)); !mask) return fail(mask.error());
  }
  return poll_entries(call, allowed, wait, wait == Wait::bounded ? call.address(2) : 0);
}

}  // namespace rules
}  // namespace cupel::props
