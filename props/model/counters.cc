// eventfd(2).
#include <fcntl.h>
#include <sys/eventfd.h>

#include "props/model/streams.hh"

namespace cupel::props {

Result<> read_counter(const Call& call, Allowed& allowed, FileId id, Pieces pieces) {
  const OpenFile& file = call.at(id);
  const Counter& counter = call.world.counters[file.counter];
  if (total_size(pieces) < sizeof(uint64_t)) return fail(Errno::inval);
  if (counter.value == 0 || counter.unsure) {
    if (file.has(O_NONBLOCK)) allowed.may_fail(Errno::again);
    if (!file.has(O_NONBLOCK) || call.resumed()) allowed.blocks();
    if (!counter.unsure) return {};
  }
  const auto value_gone = [id](World& world, const Actual&) {
    Counter& counter = world.counters[world.files[id].counter];
    counter.unsure = true;
    ++counter.arrivals, ++counter.changes;
  };
  if (call.writable(pieces, sizeof(uint64_t)) < sizeof(uint64_t)) {
    // Linux takes the value before it finds that there is no place for it, or not for all of it.
    allowed.fails_with_effect(Errno::fault);
    for (const Piece& piece : pieces) allowed.writes_anything(piece.address, call.writable(piece.address, std::min<uint64_t>(piece.size, sizeof(uint64_t))));
    allowed.then(value_gone);
    return {};
  }
  allowed.fails_with_effect(Errno::fault);
  allowed.only_with(Fault::copy);
  for (const Piece& piece : pieces) allowed.writes_anything(piece.address, std::min<uint64_t>(piece.size, sizeof(uint64_t)));
  allowed.then(value_gone);
  const uint64_t value = counter.semaphore ? 1 : counter.value;
  const auto bytes = std::as_bytes(std::span(&value, 1));
  allowed.returns(sizeof(value));
  size_t done = 0;
  for (const Piece& piece : pieces) {
    const size_t step = std::min<uint64_t>(piece.size, sizeof(value) - done);
    if (counter.unsure && !counter.semaphore) allowed.writes_anything(piece.address, step);
    else allowed.writes(piece.address, bytes.subspan(done, step));
    done += step;
  }
  allowed.then([id, value](World& world, const Actual&) {
    Counter& taken = world.counters[world.files[id].counter];
    taken.value -= value;
    ++taken.changes;
    if (!taken.semaphore) taken.value = 0, taken.unsure = false;
  });
  return {};
}

namespace {

// Linux makes one write of each piece, POSIX one write of them all.
Result<> write_counter_pieces(Allowed& allowed, FileId id, Pieces pieces) {
  allowed.may_fail({Errno::inval, Errno::fault, Errno::again});
  allowed.blocks();
  allowed.returns(sizeof(uint64_t), static_cast<int64_t>(pieces.size() * sizeof(uint64_t)));
  allowed.then([id](World& world, const Actual&) {
    Counter& counter = world.counters[world.files[id].counter];
    counter.unsure = true;
    ++counter.arrivals, ++counter.changes;
  });
  return {};
}

}  // namespace

Result<> write_counter(const Call& call, Allowed& allowed, FileId id, Pieces pieces) {
  const OpenFile& file = call.at(id);
  const Counter& counter = call.world.counters[file.counter];
  if (pieces.size() > 1) return write_counter_pieces(allowed, id, pieces);
  if (total_size(pieces) != sizeof(uint64_t)) allowed.may_fail(Errno::inval);  // since Linux 6.9; before, only if smaller
  if (total_size(pieces) < sizeof(uint64_t)) return {};
  if (call.readable(pieces, sizeof(uint64_t)) < sizeof(uint64_t)) return fail(Errno::fault);
  uint64_t added;
  std::memcpy(&added, call.load(pieces, sizeof(added)).data(), sizeof(added));
  if (added == UINT64_MAX) return fail(Errno::inval);
  const bool fits = added <= UINT64_MAX - 1 - counter.value;
  if (!fits || counter.unsure) {
    if (file.has(O_NONBLOCK)) allowed.may_fail(Errno::again);
    if (!file.has(O_NONBLOCK) || call.resumed()) allowed.blocks();
    if (!counter.unsure) return {};
  }
  allowed.returns(sizeof(added));
  allowed.then([id, added, fits](World& world, const Actual&) {
    Counter& counter = world.counters[world.files[id].counter];
    counter.value = fits ? counter.value + added : added;
    ++counter.arrivals, ++counter.changes;
  });
  return {};
}

namespace {

Result<> make_counter(const Call& call, Allowed& allowed, uint64_t value, uint32_t flags) {
  if ((flags & ~static_cast<uint32_t>(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) != 0) return fail(Errno::inval);
  TRY(call.room_for_descriptors(1));
  allowed.returns(call.table().lowest_free());
  allowed.then([value, flags, table = call.task.table](World& world, const Actual&) {
    const FileId file = world.files.make();
    world.files[file].inode = world.make_inode(FileType::anonymous, 0600);
    world.files[file].counter = world.counters.make();
    world.files[file].flags = O_RDWR | (flags & EFD_NONBLOCK);
    world.counters[world.files[file].counter] = {value, (flags & EFD_SEMAPHORE) != 0};
    world.install(table, file, (flags & EFD_CLOEXEC) != 0);
  });
  return {};
}

}  // namespace

namespace rules {

Result<> eventfd(const Call& call, Allowed& allowed) { return make_counter(call, allowed, call.arg<uint32_t>(0), 0); }
Result<> eventfd2(const Call& call, Allowed& allowed) {
  return make_counter(call, allowed, call.arg<uint32_t>(0), call.arg<uint32_t>(1));
}

}  // namespace rules
}  // namespace cupel::props
