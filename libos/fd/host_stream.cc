#include "libos/fd/host_stream.hh"

#include <algorithm>
#include <array>

#include "libos/machine/machine.hh"

namespace cupel::libos {
namespace {

class StreamInode : public Inode {
 public:
  explicit StreamInode(uint32_t mode) : Inode(0, mode, 0, 0) { link_count = 1; }
  uint64_t size() const override { return 0; }
};

constexpr size_t chunk_max = 4096;  // PIPE_BUF: what fits into a pipe that has room at all

}  // namespace

Result<Ref<HostStream>> HostStream::open(Task& task, uint32_t stream) {
  platform::HostStreams* streams = task.platform().streams();
  if (streams == nullptr || stream >= platform::HostStreams::count) return fail(Errno::io);
  Ref<Inode> inode = TRY(make_counted<StreamInode>(task.arena(), streams->mode(stream)));
  return make_counted<HostStream>(task.arena(), *streams, stream, std::move(inode));
}

Result<> HostStream::sleep_until(Task& task, platform::HostStreams::Ready wanted) {
  if (has(OpenFlag::nonblock)) return fail(Errno::again);
  Waiter waiter(task);
  task.machine().stream_waiters(stream_).add(waiter);
  streams_.await(stream_, wanted);
  return task.sleep(platform::no_deadline);
}

Result<uint64_t> HostStream::read(Task& task, UserCursor& out, const uint64_t* at) {
  if (at != nullptr) return fail(Errno::spipe);
  if (out.remaining() == 0) return 0;
  std::array<std::byte, chunk_max> chunk;
  for (;;) {
    // What the host gave cannot be given back: a buffer that faults half-way loses the rest, as a terminal's reader would.
    const auto got = streams_.read(stream_, std::span(chunk).first(std::min<uint64_t>(chunk.size(), out.remaining())));
    if (!got && got.error() == Errno::again) {
      TRY(sleep_until(task, {.in = true, .out = false, .hang_up = true}));
      continue;
    }
    const size_t size = TRY(got);
    const size_t moved = out.put(std::span(chunk).first(size));
    return moved == 0 && size > 0 ? Result<uint64_t>(fail(Errno::fault)) : moved;
  }
}

Result<uint64_t> HostStream::write(Task& task, UserCursor& in, const uint64_t* at) {
  if (at != nullptr) return fail(Errno::spipe);
  std::array<std::byte, chunk_max> chunk;
  uint64_t done = 0;
  while (in.remaining() > 0) {
    const size_t taken = in.take(std::span(chunk).first(std::min<uint64_t>(chunk.size(), in.remaining())));
    if (taken == 0) return done > 0 ? Result<uint64_t>(done) : fail(Errno::fault);
    const auto sent = streams_.write(stream_, std::span(chunk).first(taken));
    in.rewind(taken - sent.value_or(0));
    done += sent.value_or(0);
    if (sent) continue;
    if (sent.error() != Errno::again) return done > 0 ? Result<uint64_t>(done) : fail(sent.error());
    if (auto slept = sleep_until(task, {.in = false, .out = true, .hang_up = true}); !slept) return done > 0 ? Result<uint64_t>(done) : fail(slept.error());
  }
  return done;
}

uint16_t HostStream::poll(Task& task, Watcher* watcher) {
  const auto ready = streams_.ready(stream_);
  if (watcher != nullptr) {
    task.machine().stream_waiters(stream_).add(*watcher);
    streams_.await(stream_, {.in = !ready.in, .out = !ready.out, .hang_up = true});
  }
  uint16_t events = 0;
  if (ready.in) events |= static_cast<uint16_t>(PollEvent::in) | static_cast<uint16_t>(PollEvent::read_normal);
  if (ready.out) events |= static_cast<uint16_t>(PollEvent::out) | static_cast<uint16_t>(PollEvent::write_normal);
  if (ready.hang_up) events |= static_cast<uint16_t>(PollEvent::hang_up);
  return events;
}

}  // namespace cupel::libos
