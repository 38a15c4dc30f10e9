// Pipes: pipe2(2), and what reading and writing them does (pipe(7)).
#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <csignal>

#include "props/model/lifecycle.hh"
#include "props/model/rules.hh"
#include "props/model/streams.hh"

namespace cupel::props {
namespace {

constexpr size_t atomic_max = 4096;  // PIPE_BUF: a write of so many bytes is never split

// The part of a write that shares the page of the last fragment: Linux puts a write's odd bytes there if they all fit.
size_t shared_part(const Pipe& pipe, size_t size) {
  const size_t odd = size % page_size;
  return !pipe.fragments.empty() && pipe.fragments.back().end + odd <= page_size ? odd : 0;
}

// How much of a write of `size` bytes goes in at once: counted in bytes, and counted in Linux's pages.
size_t room_by_bytes(const Pipe& pipe, size_t capacity, size_t size) {
  return std::min(size, capacity - std::min(capacity, pipe.size()));
}
size_t room_by_pages(const Pipe& pipe, size_t capacity, size_t size) {
  const size_t pages = capacity / page_size;
  const size_t free = pages - std::min(pages, pipe.fragments.size());
  return std::min(size, shared_part(pipe, size) + free * page_size);
}

}  // namespace

void Pipe::fill(std::span<const std::byte> more) {
  ++arrivals, ++changes;
  bytes.insert(bytes.end(), more.begin(), more.end());
  auto left = static_cast<uint32_t>(more.size());
  if (const auto odd = static_cast<uint32_t>(shared_part(*this, left)); odd != 0) {
    fragments.back().end += odd;
    fragments.back().left += odd;
    left -= odd;
  }
  for (; left > 0; left -= fragments.back().left) {
    const auto part = std::min<uint32_t>(left, page_size);
    fragments.push_back({part, part});
  }
}

void Pipe::borrow(std::span<const std::byte> more, uint64_t offset, InodeId inode, uint32_t modifications) {
  ++arrivals, ++changes;
  bytes.insert(bytes.end(), more.begin(), more.end());
  for (size_t left = more.size(); left > 0; offset += fragments.back().left, left -= fragments.back().left) {
    const auto part = static_cast<uint32_t>(std::min<uint64_t>(left, page_size - offset % page_size));
    fragments.push_back({page_size, part});  // nothing is added to a page that is not the pipe's own
  }
  loans.push_back({inode, modifications});
}

void Pipe::drain(size_t size) {
  ++changes;
  begin += size;
  if (begin == bytes.size()) bytes.clear(), loans.clear(), begin = 0;
  size_t emptied = 0;
  while (emptied < fragments.size() && fragments[emptied].left <= size) size -= fragments[emptied++].left;
  fragments.erase(fragments.begin(), fragments.begin() + static_cast<ptrdiff_t>(emptied));
  if (size > 0) fragments.front().left -= static_cast<uint32_t>(size);
}

Result<> read_pipe(const Call& call, Allowed& allowed, FileId id, Pieces pieces) {
  const OpenFile& file = call.at(id);
  const Pipe& pipe = call.world.pipes[file.pipe];
  const size_t wanted = total_size(pieces);
  if (wanted == 0) return allowed.returns(0);
  const bool changed = std::ranges::any_of(pipe.loans, [&](const Pipe::Loan& loan) { return call.at(loan.inode).modifications != loan.modifications; });
  const size_t count = pipe.unsure ? wanted : std::min(wanted, pipe.size());
  if (count == 0 || pipe.unsure) {
    if (pipe.writers == 0) allowed.returns(0);
    else if (file.has(O_NONBLOCK)) allowed.may_fail(Errno::again);
    // O_NONBLOCK that comes while a call sleeps does not wake it.
    if (pipe.writers > 0 && (!file.has(O_NONBLOCK) || call.resumed())) allowed.blocks();
    if (count == 0) return {};
  }
  const size_t reached = call.writable(pieces, count);
  // Linux takes back a page's bytes which did not all arrive; POSIX does not ask for that.
  if (reached < count) allowed.may_fail(Errno::fault);
  if (reached == 0) return {};
  allowed.transfers(reached < count || pipe.unsure ? 1 : static_cast<int64_t>(count), static_cast<int64_t>(reached));
  size_t done = 0;
  for (const Piece& piece : pieces) {
    const size_t step = std::min<uint64_t>(piece.size, reached - done);
    if (pipe.unsure || changed) {
      allowed.writes_anything(piece.address, step);
    } else {
      allowed.writes(piece.address, std::span(pipe.bytes).subspan(pipe.begin + done, step));
    }
    done += step;
  }
  allowed.then([id](World& world, const Actual& actual) {
    OpenFile& read = world.files[id];
    Pipe& source = world.pipes[read.pipe];
    if (!source.unsure) source.drain(static_cast<size_t>(actual.value));
    world.inodes[read.inode].touch(access_time, world.moment);
  });
  return {};
}

Result<> write_pipe(const Call& call, Allowed& allowed, FileId id, Pieces pieces) {
  const OpenFile& file = call.at(id);
  const Pipe& pipe = call.world.pipes[file.pipe];
  const size_t wanted = total_size(pieces);
  if (wanted == 0) return allowed.returns(0);
  if (pipe.readers == 0) {
    allowed.ends();
    allowed.then([process = call.task.process](World& world, const Actual&) { end_process(world, process, SIGPIPE); });
    return fail(Errno::pipe);
  }
  const size_t reached = call.readable(pieces, wanted);
  if (reached < wanted) allowed.may_fail(Errno::fault);
  const auto bytes = call.load(pieces, reached);
  const auto moves = [id, bytes](World& world, const Actual& actual) {
    OpenFile& written = world.files[id];
    Pipe& target = world.pipes[written.pipe];
    if (!target.unsure) target.fill(bytes.first(static_cast<size_t>(actual.value)));
    world.inodes[written.inode].touch(modify_time | change_time, world.moment);
  };
  const auto takes = [&](size_t low, size_t high) {
    allowed.transfers(static_cast<int64_t>(low), static_cast<int64_t>(std::min(high, reached)));
    allowed.then(moves);
  };
  const auto full = [&] {
    if (file.has(O_NONBLOCK)) {
      allowed.may_fail(Errno::again);
      if (!call.resumed()) return;
    }
    allowed.blocks();
    if (wanted > atomic_max) {
      allowed.then([id](World& world, const Actual&) { world.pipes[world.files[id].pipe].unsure = true; });
    }
  };

  const size_t by_bytes = room_by_bytes(pipe, call.world.bounds.config.pipe_size, wanted);
  const size_t by_pages = room_by_pages(pipe, call.world.bounds.config.pipe_size, wanted);
  const size_t least = std::min(by_bytes, by_pages);
  const size_t most = std::max(by_bytes, by_pages);
  if (pipe.unsure || reached < wanted) {
    full();
    if (reached > 0) takes(1, wanted);
  } else if (least == wanted) {
    takes(wanted, wanted);
  } else {
    const bool whole_only = wanted <= atomic_max || !file.has(O_NONBLOCK);
    if (most == wanted) takes(wanted, wanted);
    if (whole_only || least == 0) full();
    if (!whole_only && least > 0) takes(least, least);
    if (!whole_only && most > least && most < wanted) takes(most, most);
  }
  return {};
}

namespace {

Result<> make_pipe(const Call& call, Allowed& allowed, uint32_t flags) {
  if ((flags & ~static_cast<uint32_t>(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) != 0) return fail(Errno::inval);
  if ((flags & O_DIRECT) != 0) allowed.may_fail(Errno::inval);  // packet mode is not offered
  TRY(call.room_for_descriptors(2));
  const uint64_t ends = call.address(0);
  TRY(call.can_store(allowed, ends, 2 * sizeof(int32_t)));
  const uint32_t reader = call.table().lowest_free();
  const uint32_t writer = call.table().lowest_free(reader + 1);
  allowed.returns(0);
  allowed.writes_number(ends, reader);
  allowed.writes_number(ends + sizeof(int32_t), writer);
  allowed.then([flags, reader, writer, table = call.task.table](World& world, const Actual&) {
    const InodeId inode = world.make_inode(FileType::pipe, 0600);
    const PipeId pipe = world.pipes.make();
    world.pipes[pipe].readers = world.pipes[pipe].writers = 1;
    world.pipes[pipe].unsure = (flags & O_DIRECT) != 0;
    for (const uint32_t mode : {uint32_t{O_RDONLY}, uint32_t{O_WRONLY}}) {
      const FileId file = world.files.make();
      world.files[file].inode = inode;
      world.files[file].pipe = pipe;
      world.files[file].flags = mode | (flags & (mode == O_WRONLY ? O_NONBLOCK | O_DIRECT : O_NONBLOCK));
      world.install_at(table, mode == O_RDONLY ? reader : writer, file, (flags & O_CLOEXEC) != 0);
    }
  });
  return {};
}

}  // namespace

namespace rules {

Result<> pipe(const Call& call, Allowed& allowed) { return make_pipe(call, allowed, 0); }
Result<> pipe2(const Call& call, Allowed& allowed) { return make_pipe(call, allowed, call.arg<uint32_t>(1)); }

}  // namespace rules
}  // namespace cupel::props
