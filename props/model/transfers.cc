// read, write, readv, writev, pread64, pwrite64, preadv, pwritev, preadv2, pwritev2, readahead.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "props/model/streams.hh"

namespace cupel::props {

uint64_t total_size(Pieces pieces) {
  uint64_t total = 0;
  for (const Piece& piece : pieces) total += piece.size;
  return total;
}

Result<> read_regular(const Call& call, Allowed& allowed, FileId id, Pieces pieces, Position position) {
  const OpenFile& file = call.at(id);
  const Inode& inode = call.at(file.inode);
  const auto from = static_cast<uint64_t>(position.value_or(static_cast<int64_t>(file.offset.value)));
  const auto size = static_cast<uint64_t>(inode.size);
  const uint64_t there = from < size ? size - from : 0;
  const uint64_t wanted = std::min(there, total_size(pieces));
  const size_t count = call.writable(pieces, wanted);
  if (count == 0 && wanted > 0) {
    if (!call.world.bounds.failures_show) return fail(Errno::fault);
    allowed.fails_with_effect(Errno::fault);
    allowed.then([inode = file.inode](World& world, const Actual&) { world.inodes[inode].touch(access_time, world.moment); });
    return {};
  }

  allowed.transfers(static_cast<int64_t>(count), static_cast<int64_t>(count));
  uint64_t done = 0;
  for (const Piece& piece : pieces) {
    const uint64_t step = std::min(piece.size, count - done);
    if (inode.bytes_unsure) {
      allowed.writes_anything(piece.address, step);
    } else {
      inode.bytes.read(from + done, allowed.writes_here(piece.address, step));
    }
    done += step;
  }
  const bool onto_itself = call.maps(pieces, file.inode);
  allowed.then([id, moves = !position, onto_itself](World& world, const Actual& actual) {
    OpenFile& read = world.files[id];
    world.inodes[read.inode].bytes_unsure |= onto_itself;
    if (moves) read.offset.value += static_cast<uint64_t>(actual.value);
    world.inodes[read.inode].touch(access_time, world.moment);
  });
  return {};
}

Result<> write_regular(const Call& call, Allowed& allowed, FileId id, Pieces pieces, Position position) {
  const OpenFile& file = call.at(id);
  const Inode& inode = call.at(file.inode);
  const uint64_t total = total_size(pieces);
  if (total == 0) return allowed.returns(0);
  const int64_t from = file.has(O_APPEND) ? inode.size : position.value_or(static_cast<int64_t>(file.offset.value));
  const int64_t limit = call.file_size_max();
  if (from >= limit) return fail(Errno::fbig);
  const uint64_t wanted = std::min(total, static_cast<uint64_t>(limit - from));
  const size_t count = call.readable(pieces, wanted);
  // What a file is written from its own mapping depends on how the copy goes about it; it may even find more as it
  // makes the file longer.
  const bool from_itself = call.maps(pieces, file.inode);
  if (count == 0) {
    if (!call.world.bounds.failures_show) return fail(Errno::fault);
    allowed.fails_with_effect(Errno::fault);
    allowed.then([id, from](World& world, const Actual&) {
      Inode& target = world.inodes[world.files[id].inode];
      target.size = std::max(target.size, from);
      target.touch(modify_time | change_time, world.moment);
      target.mode_unsure |= S_ISUID | S_ISGID;
    });
    if (!from_itself) return {};
  }

  allowed.transfers(static_cast<int64_t>(count), static_cast<int64_t>(from_itself ? wanted : count));
  allowed.then([id, from, from_itself, moves = !position, bytes = call.load(pieces, count)](World& world, const Actual& actual) {
    OpenFile& written = world.files[id];
    Inode& target = world.inodes[written.inode];
    target.bytes_unsure |= from_itself;
    if (!from_itself) target.bytes.write(static_cast<uint64_t>(from), bytes.first(static_cast<size_t>(actual.value)));
    const int64_t end = from + actual.value;
    target.size = std::max(target.size, end);
    if (moves) written.offset.value = static_cast<uint64_t>(end);
    target.touch(modify_time | change_time, world.moment);
    target.mode_unsure |= S_ISUID | S_ISGID;  // cleared unless the caller has CAP_FSETID everywhere
  });
  return {};
}

namespace {

Result<> transfer_in(const Call& call, Allowed& allowed, FileId id, Pieces pieces, Position position) {
  const OpenFile& file = call.at(id);
  if (file.pipe != PipeId::none) return read_pipe(call, allowed, id, pieces);
  if (file.counter != CounterId::none) return read_counter(call, allowed, id, pieces);
  if (file.timer != TimerId::none) return read_timer(call, allowed, id, pieces);
  return read_regular(call, allowed, id, pieces, position);
}

Result<> transfer_out(const Call& call, Allowed& allowed, FileId id, Pieces pieces, Position position) {
  const OpenFile& file = call.at(id);
  if (file.pipe != PipeId::none) return write_pipe(call, allowed, id, pieces);
  if (file.counter != CounterId::none) return write_counter(call, allowed, id, pieces);
  return write_regular(call, allowed, id, pieces, position);
}

// The descriptor must be open for the direction asked for.
Result<FileId> readable_file(const Call& call) {
  const FileId id = TRY(call.file(0));
  if (!call.at(id).readable()) return fail(Errno::badf);
  return call.at(id).epoll == EpollId::none ? Result<FileId>(id) : fail(Errno::inval);  // which has nothing to be read
}
Result<FileId> writable_file(const Call& call) {
  const FileId id = TRY(call.file(0));
  if (!call.at(id).writable()) return fail(Errno::badf);
  return call.at(id).epoll == EpollId::none && call.at(id).timer == TimerId::none ? Result<FileId>(id) : fail(Errno::inval);
}

bool is_directory(const Call& call, FileId id) { return call.at(call.at(id).inode).type == FileType::directory; }

// The file offset must stay representable.
Result<> check_range(const Call& call, FileId id, Pieces pieces, Position position) {
  if (!call.at(id).has_position()) return {};
  const auto from = position ? static_cast<uint64_t>(*position) : call.at(id).offset.value;
  return total_size(pieces) > static_cast<uint64_t>(INT64_MAX) - from ? fail(Errno::inval) : Result<>{};
}

// The position of pread(2) and its kin, and a descriptor that has positions.
Result<int64_t> position_of(const Call& call, size_t index) {
  const auto position = call.arg<int64_t>(index);
  if (position < 0) return fail(Errno::inval);
  const FileId id = TRY(call.file(0));
  if (!call.at(id).has_position()) return fail(Errno::spipe);
  return position;
}

Result<> read_buffer(const Call& call, Allowed& allowed, Position position) {
  const FileId id = TRY(readable_file(call));
  const Pieces pieces = TRY(call.buffer(1));
  TRY(check_range(call, id, pieces, position));
  if (is_directory(call, id)) return fail(Errno::isdir);
  return transfer_in(call, allowed, id, pieces, position);
}

constexpr uint32_t high_priority = 1, sync_flags = 2 | 4;  // RWF_HIPRI; RWF_DSYNC and RWF_SYNC
constexpr uint32_t newer_flags = 0x1f8;                     // from RWF_NOWAIT to RWF_NOSIGNAL, each for some kernels and file systems
// Whether the flags ask for something that not everybody has.
bool is_newer(const Call& call, uint32_t flags) {
  return (flags & newer_flags) != 0 && (flags & ~(high_priority | sync_flags | newer_flags)) == 0 && call.result() != -static_cast<int64_t>(Errno::opnotsupp);
}
Result<> check_flags(uint32_t flags, bool plain) {
  return (flags & ~(plain ? high_priority : high_priority | sync_flags)) == 0 ? Result<>{} : fail(Errno::opnotsupp);
}

Result<> read_vector(const Call& call, Allowed& allowed, Position position, uint32_t flags = 0) {
  const FileId id = TRY(readable_file(call));
  const Pieces pieces = TRY(call.vector(1));
  if (total_size(pieces) == 0) return allowed.returns(0);
  TRY(check_range(call, id, pieces, position));
  if (is_newer(call, flags)) return allowed.lose();
  TRY(check_flags(flags, is_directory(call, id)));
  if (is_directory(call, id)) return fail(Errno::isdir);
  return transfer_in(call, allowed, id, pieces, position);
}

Result<> write_buffer(const Call& call, Allowed& allowed, Position position) {
  const FileId id = TRY(writable_file(call));
  const Pieces pieces = TRY(call.buffer(1));
  TRY(check_range(call, id, pieces, position));
  return transfer_out(call, allowed, id, pieces, position);
}

Result<> write_vector(const Call& call, Allowed& allowed, Position position, uint32_t flags = 0) {
  const FileId id = TRY(writable_file(call));
  const Pieces pieces = TRY(call.vector(1));
  if (total_size(pieces) == 0) return allowed.returns(0);
  TRY(check_range(call, id, pieces, position));
  if (is_newer(call, flags)) return allowed.lose();
  TRY(check_flags(flags, call.at(id).counter != CounterId::none));  // an event counter is written the old way
  return transfer_out(call, allowed, id, pieces, position);
}

// -1 is the file's own position.
Result<Position> position_or_own(const Call& call, size_t index) {
  if (call.arg<int64_t>(index) == -1) return Position{};
  return Position{TRY(position_of(call, index))};
}

}  // namespace

namespace rules {

Result<> read(const Call& call, Allowed& allowed) { return read_buffer(call, allowed, {}); }
Result<> write(const Call& call, Allowed& allowed) { return write_buffer(call, allowed, {}); }
Result<> readv(const Call& call, Allowed& allowed) { return read_vector(call, allowed, {}); }
Result<> writev(const Call& call, Allowed& allowed) { return write_vector(call, allowed, {}); }
Result<> pread64(const Call& call, Allowed& allowed) { return read_buffer(call, allowed, TRY(position_of(call, 3))); }
Result<> pwrite64(const Call& call, Allowed& allowed) { return write_buffer(call, allowed, TRY(position_of(call, 3))); }
Result<> preadv(const Call& call, Allowed& allowed) { return read_vector(call, allowed, TRY(position_of(call, 3))); }
Result<> pwritev(const Call& call, Allowed& allowed) { return write_vector(call, allowed, TRY(position_of(call, 3))); }
Result<> preadv2(const Call& call, Allowed& allowed) { return read_vector(call, allowed, TRY(position_or_own(call, 3)), call.arg<uint32_t>(5)); }
Result<> pwritev2(const Call& call, Allowed& allowed) { return write_vector(call, allowed, TRY(position_or_own(call, 3)), call.arg<uint32_t>(5)); }

Result<> readahead(const Call& call, Allowed& allowed) {
  const FileId id = TRY(readable_file(call));
  if (call.at(call.at(id).inode).type != FileType::regular || call.arg<int64_t>(2) < 0) return fail(Errno::inval);
  return allowed.returns(0);
}

}  // namespace rules
}  // namespace cupel::props
