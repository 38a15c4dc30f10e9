// epoll_create, epoll_create1, epoll_ctl, epoll_wait, epoll_pwait, epoll_pwait2.
#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>

#include "props/model/clocks.hh"
#include "props/model/epolls.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

constexpr uint32_t ways = EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP;
constexpr uint32_t depth_max = 4;  // epolls above each other
constexpr size_t event_size = 12;  // packed
struct Event {
  uint32_t events;
  uint32_t data[2];
};
static_assert(sizeof(Event) == event_size);

bool is_epoll(const World& world, FileId id) { return world.files[id].epoll != EpollId::none; }

// How far one can go down from here; more than depth_max where `into` is on the way.
uint32_t depth_below(const World& world, FileId from, FileId into) {
  if (from == into) return depth_max + 1;
  uint32_t depth = 0;
  for (const EpollEntry& entry : world.epolls[world.files[from].epoll].entries) {
    if (is_epoll(world, entry.file)) depth = std::max(depth, depth_below(world, entry.file, into) + 1);
  }
  return depth;
}
uint32_t depth_above(const World& world, FileId from) {
  uint32_t depth = 0;
  for (uint32_t index = 0; index < world.files.count(); ++index) {
    const FileId id{index};
    if (world.files[id].references == 0 || !is_epoll(world, id)) continue;
    const auto& entries = world.epolls[world.files[id].epoll].entries;
    if (std::ranges::find(entries, from, &EpollEntry::file) != entries.end()) depth = std::max(depth, depth_above(world, id) + 1);
  }
  return depth;
}

Result<> make(const Call& call, Allowed& allowed, bool close_on_exec) {
  TRY(call.room_for_descriptors(1));
  allowed.returns(call.table().lowest_free());
  allowed.then([close_on_exec, table = call.task.table](World& world, const Actual&) {
    const FileId file = world.files.make();
    world.files[file].inode = world.make_inode(FileType::anonymous, 0600);
    world.files[file].epoll = world.epolls.make();
    world.files[file].flags = O_RDWR;
    world.install(table, file, close_on_exec);
  });
  return {};
}

// What has happened to a file, as far as edges go: bytes that came, and anything at all.
struct Happenings {
  uint32_t arrivals = 0, changes = 0;
};
Happenings happenings(const World& world, const OpenFile& file) {
  if (file.pipe != PipeId::none) return {world.pipes[file.pipe].arrivals, world.pipes[file.pipe].changes};
  if (file.counter != CounterId::none) return {world.counters[file.counter].arrivals, world.counters[file.counter].changes};
  return {};
}

// The entry was told of, or set anew: what is there now is no news until something happens.
void settle(const World& world, EpollEntry& entry) {
  const OpenFile& file = world.files[entry.file];
  const Happenings now = happenings(world, file);
  entry.arrivals = now.arrivals, entry.changes = now.changes;
  entry.told = readiness_of(world, file).possible;
}

// Which entry each event is for: all of them, each another. `told[i]` is the event's entry.
bool assign(const World& world, const Epoll& epoll, std::span<const Event> events, size_t next, std::vector<size_t>& told) {
  if (next == events.size()) return true;
  for (size_t index = 0; index < epoll.entries.size(); ++index) {
    const EpollEntry& entry = epoll.entries[index];
    if (std::ranges::find(told, index) != told.end() || std::memcmp(&entry.data, events[next].data, sizeof(entry.data)) != 0) continue;
    const Readiness ready = entry_readiness(world, entry);
    const uint32_t seen = events[next].events;
    if (seen == 0 || (seen & ~ready.possible) != 0 || (ready.certain & ~seen) != 0) continue;
    told.push_back(index);
    if (assign(world, epoll, events, next + 1, told)) return true;
    told.pop_back();
  }
  return false;
}

std::vector<Event> events_at(const Actual& actual, uint64_t address) {
  std::vector<Event> events(static_cast<size_t>(actual.value));
  const auto bytes = actual.bytes(address, events.size() * event_size);
  if (bytes.empty()) return {};
  std::memcpy(events.data(), bytes.data(), bytes.size());
  return events;
}

std::string inspect(const World& world, EpollId id, const std::vector<Event>& events, bool all) {
  std::vector<size_t> told;
  const Epoll& epoll = world.epolls[id];
  if (!assign(world, epoll, events, 0, told)) return "an event that nothing has";
  for (size_t index = 0; index < epoll.entries.size() && all; ++index) {
    const bool is_told = std::ranges::find(told, index) != told.end();
    if (!is_told && entry_readiness(world, epoll.entries[index]).certain != 0) return "nothing of an entry that is ready";
  }
  return "";
}

void take(World& world, EpollId id, const std::vector<Event>& events) {
  std::vector<size_t> told;
  Epoll& epoll = world.epolls[id];
  if (events.empty() || !assign(world, epoll, events, 0, told)) {
    // Nobody looked: any of those that are ready may have been told.
    for (EpollEntry& entry : epoll.entries) {
      if (entry_readiness(world, entry).possible != 0) entry.unsure = true;
    }
    return;
  }
  for (const size_t index : told) {
    EpollEntry& entry = epoll.entries[index];
    entry.fresh = entry.unsure = false;
    if ((entry.events & EPOLLONESHOT) != 0) entry.events &= ways;
    settle(world, entry);
  }
}

enum class Wait : uint8_t { none, bounded, forever };

Result<> wait(const Call& call, Allowed& allowed, Wait how) {
  const FileId file = TRY(call.file(0));
  const auto count = call.arg<int32_t>(2);
  const uint64_t address = call.address(1);
  if (count <= 0 || count > INT32_MAX / static_cast<int32_t>(event_size)) return fail(Errno::inval);
  const uint64_t size = static_cast<uint64_t>(count) * event_size;
  if (address > user_limit || size > user_limit - address) return fail(Errno::fault);
  const EpollId id = call.at(file).epoll;
  if (id == EpollId::none) return fail(Errno::inval);
  int64_t certain = 0, possible = 0;
  for (const EpollEntry& entry : call.world.epolls[id].entries) {
    const Readiness ready = entry_readiness(call.world, entry);
    certain += ready.certain != 0;
    possible += ready.possible != 0;
  }
  if (certain == 0 && how != Wait::none) allowed.blocks();
  const auto room = static_cast<int64_t>(call.writable(address, size) / event_size);
  if (room < count) {
    // What lies at the edge is written as far as it goes.
    if (possible > room) allowed.may_scribble(address, call.writable(address, size));
    if (room == 0 && possible > 0) allowed.may_fail(Errno::fault);
  }
  if (room == 0 && certain > 0) return {};
  if (certain == 0 && how != Wait::forever) allowed.returns(0);
  if (possible == 0 || room == 0) return {};
  const int64_t least = std::max<int64_t>(1, std::min({certain, int64_t{count}, room}));
  const int64_t most = std::min({possible, int64_t{count}, room});
  allowed.returns(least, most);
  const auto seen = static_cast<size_t>(std::clamp<int64_t>(call.result(), 0, most));
  allowed.writes_anything(address, seen * event_size);
  if (static_cast<int64_t>(seen) < count) {
    const size_t next = seen * event_size;  // an event that did not fit whole
    if (room < count) allowed.writes_anything(address + next, call.writable(address + next, event_size));
  }
  allowed.inspect([id, address, limit = std::min<int64_t>(count, room)](const World& world, const Actual& actual) {
    const auto events = events_at(actual, address);
    return events.empty() ? std::string() : inspect(world, id, events, actual.value < limit);
  });
  allowed.then([id, address](World& world, const Actual& actual) { take(world, id, events_at(actual, address)); });
  return {};
}

Wait wait_of(int32_t milliseconds) { return milliseconds == 0 ? Wait::none : milliseconds < 0 ? Wait::forever : Wait::bounded; }

Result<> check_mask(const Call& call, size_t index) {
  if (call.address(index) == 0) return {};
  if (call.arg<uint64_t>(index + 1) != sizeof(uint64_t)) return fail(Errno::inval);
  const auto mask = call.read_once<uint64_t>(call.address(index));
  return mask ? Result<>{} : fail(mask.error());
}

}  // namespace

Readiness entry_readiness(const World& world, const EpollEntry& entry) {
  const OpenFile& file = world.files[entry.file];
  Readiness ready = readiness_of(world, file);
  ready.certain &= entry.events & ~ways;
  ready.possible &= entry.events & ~ways;
  const bool is_epoll = file.epoll != EpollId::none;
  // An epoll wakes for EPOLLIN alone.
  if (is_epoll && (entry.events & EPOLLIN) == 0) ready.certain = 0;
  if (entry.unsure) ready.certain = 0;
  if ((entry.events & EPOLLET) == 0 || entry.fresh) return ready;
  const Happenings now = happenings(world, file);
  const bool newly = (ready.certain & ~entry.told) != 0 || ((ready.certain & EPOLLIN) != 0 && now.arrivals != entry.arrivals);
  const bool perhaps = newly || entry.unsure || is_epoll || file.timer != TimerId::none || now.changes != entry.changes || (ready.possible & ~entry.told) != 0;
  if (!newly) ready.certain = 0;
  if (!perhaps) ready.possible = 0;
  return ready;
}

namespace rules {

Result<> epoll_create(const Call& call, Allowed& allowed) { return call.arg<int32_t>(0) <= 0 ? fail(Errno::inval) : make(call, allowed, false); }
Result<> epoll_create1(const Call& call, Allowed& allowed) {
  const auto flags = call.arg<uint32_t>(0);
  return (flags & ~static_cast<uint32_t>(EPOLL_CLOEXEC)) != 0 ? fail(Errno::inval) : make(call, allowed, flags != 0);
}

Result<> epoll_ctl(const Call& call, Allowed& allowed) {
  const auto operation = call.arg<int32_t>(1);
  Event event{};
  if (operation != EPOLL_CTL_DEL) event = TRY(call.read<Event>(call.address(3)));
  const FileId watching = TRY(call.file(0)), watched = TRY(call.file(2));
  const OpenFile& file = call.at(watched);
  if (call.at(file.inode).type != FileType::pipe && call.at(file.inode).type != FileType::anonymous) return fail(Errno::perm);
  if (watching == watched || !is_epoll(call.world, watching)) return fail(Errno::inval);
  event.events &= ~static_cast<uint32_t>(EPOLLWAKEUP);
  if ((event.events & EPOLLEXCLUSIVE) != 0) {
    constexpr uint32_t fine = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLET | EPOLLEXCLUSIVE;
    if (operation == EPOLL_CTL_MOD) return fail(Errno::inval);
    if (operation == EPOLL_CTL_ADD && (is_epoll(call.world, watched) || (event.events & ~fine) != 0)) return fail(Errno::inval);
  }
  if (operation == EPOLL_CTL_ADD && is_epoll(call.world, watched)) {
    if (depth_below(call.world, watched, watching) + 1 + depth_above(call.world, watching) > depth_max) return fail(Errno::loop);
  }
  const EpollId id = call.at(watching).epoll;
  const auto number = call.arg<int32_t>(2);
  const auto& entries = call.world.epolls[id].entries;
  const auto found = std::ranges::find_if(entries, [&](const EpollEntry& entry) { return entry.file == watched && entry.number == number; });
  const auto index = found - entries.begin();
  const bool is_there = found != entries.end();
  event.events |= EPOLLERR | EPOLLHUP;
  EpollEntry made{.file = watched, .number = number, .events = event.events, .data = {event.data[0], event.data[1]}};
  switch (operation) {
    case EPOLL_CTL_ADD:
      if (is_there) return fail(Errno::exist);
      allowed.returns(0);
      allowed.then([id, made](World& world, const Actual&) {
        world.epolls[id].entries.push_back(made);
        settle(world, world.epolls[id].entries.back());
        world.epolls[id].entries.back().fresh = true;
      });
      return {};
    case EPOLL_CTL_DEL:
      if (!is_there) return fail(Errno::noent);
      allowed.returns(0);
      allowed.then([id, index](World& world, const Actual&) { world.epolls[id].entries.erase(world.epolls[id].entries.begin() + index); });
      return {};
    case EPOLL_CTL_MOD:
      if (!is_there) return fail(Errno::noent);
      if ((found->events & EPOLLEXCLUSIVE) != 0) return fail(Errno::inval);
      allowed.returns(0);
      allowed.then([id, index, made](World& world, const Actual&) {
        EpollEntry& entry = world.epolls[id].entries[static_cast<size_t>(index)];
        entry = made;
        settle(world, entry);
        entry.fresh = true;
      });
      return {};
    default: return fail(Errno::inval);
  }
}

Result<> epoll_wait(const Call& call, Allowed& allowed) { return wait(call, allowed, wait_of(call.arg<int32_t>(3))); }
Result<> epoll_pwait(const Call& call, Allowed& allowed) {
  TRY(check_mask(call, 4));
  return wait(call, allowed, wait_of(call.arg<int32_t>(3)));
}
Result<> epoll_pwait2(const Call& call, Allowed& allowed) {
  Wait how = Wait::forever;
  if (call.address(3) != 0) {
    const auto timeout = TRY(call.read_once<Timespec>(call.address(3)));
    if (!is_valid(timeout)) return fail(Errno::inval);
    how = timeout.seconds == 0 && timeout.nanoseconds == 0 ? Wait::none : Wait::bounded;
  }
  TRY(check_mask(call, 4));
  return wait(call, allowed, how);
}

}  // namespace rules
}  // namespace cupel::props
