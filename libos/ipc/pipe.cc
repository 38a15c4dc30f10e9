#include "libos/ipc/pipe.hh"

#include <algorithm>

#include "libos/task/task.hh"

namespace cupel::libos {
namespace {

constexpr uint16_t readable_events = 0x41;    // POLLIN | POLLRDNORM
constexpr uint16_t writable_events = 0x104;   // POLLOUT | POLLWRNORM

constexpr uint64_t pipe_device = 2;  // not that of the file system

class PipeEnd : public OpenFile {
 public:
  PipeEnd(Ref<Pipe> pipe, uint32_t flags) : OpenFile(flags), pipe_(std::move(pipe)) {}
  Result<uint64_t> seek(Task&, int64_t, Whence) override { return fail(Errno::spipe); }
  Stat stat() const override {
    Stat stat = pipe_->stat();
    stat.device = pipe_device;
    return stat;
  }
  Inode* inode() const override { return pipe_.get(); }
  void check() const override { pipe_->check(); }

 protected:
  bool nonblocking() const { return has(OpenFlag::nonblock); }
  Ref<Pipe> pipe_;
};

class PipeReader : public PipeEnd {
 public:
  PipeReader(Ref<Pipe> pipe, uint32_t flags) : PipeEnd(std::move(pipe), flags) { ++pipe_->reader_count; }
  ~PipeReader() override {
    --pipe_->reader_count;
    pipe_->ready.wake_all();
  }
  interface::Resource kind() const override { return interface::Resource::pipe_reader; }

  Result<uint64_t> read(Task& task, UserCursor& out, const uint64_t* at) override {
    if (at != nullptr) return fail(Errno::spipe);
    if (out.remaining() == 0) return 0;
    Waiter waiter(task);
    while (pipe_->filled() == 0) {
      if (pipe_->writer_count == 0) return 0;
      if (nonblocking()) return fail(Errno::again);
      if (!waiter.queued()) pipe_->ready.add(waiter);
      TRY(task.sleep(platform::no_deadline));
    }
    // A writer who waits for room is told once there is enough of it, and not of what comes on top.
    const bool was_full = pipe_->room() < pipe_atomic_size;
    const size_t moved = pipe_->take(out);
    if (moved == 0) return fail(Errno::fault);
    pipe_->ready.wake_all(was_full ? writable_events : 0);
    return moved;
  }
  Result<uint64_t> write(Task&, UserCursor&, const uint64_t*) override { return fail(Errno::badf); }

  uint16_t poll(Task&, Watcher* watcher) override {
    if (watcher != nullptr) pipe_->ready.add(*watcher);
    uint16_t events = pipe_->filled() > 0 ? readable_events : 0;
    if (pipe_->writer_count == 0) events |= static_cast<uint16_t>(PollEvent::hang_up);
    return events;
  }
};

class PipeWriter : public PipeEnd {
 public:
  PipeWriter(Ref<Pipe> pipe, uint32_t flags) : PipeEnd(std::move(pipe), flags) { ++pipe_->writer_count; }
  ~PipeWriter() override {
    --pipe_->writer_count;
    pipe_->ready.wake_all();
  }
  interface::Resource kind() const override { return interface::Resource::pipe_writer; }
  Result<uint64_t> read(Task&, UserCursor&, const uint64_t*) override { return fail(Errno::badf); }

  Result<uint64_t> write(Task& task, UserCursor& in, const uint64_t* at) override {
    if (at != nullptr) return fail(Errno::spipe);
    if (in.remaining() == 0) return 0;
    const bool atomic = in.remaining() <= pipe_atomic_size;
    Waiter waiter(task);
    while (in.remaining() > 0) {
      if (pipe_->reader_count == 0) return in.moved() > 0 ? Result<uint64_t>(in.moved()) : fail(Errno::pipe);
      const uint64_t needed = atomic ? in.remaining() : 1;
      if (pipe_->room() < needed) {
        if (nonblocking()) return in.moved() > 0 ? Result<uint64_t>(in.moved()) : fail(Errno::again);
        if (!waiter.queued()) pipe_->ready.add(waiter);
        if (auto slept = task.sleep(platform::no_deadline); !slept) return in.moved() > 0 ? Result<uint64_t>(in.moved()) : fail(slept.error());
        continue;
      }
      const size_t moved = pipe_->put(in, pipe_->room());
      if (moved > 0) pipe_->ready.wake_all(readable_events);
      if (in.faulted()) return in.moved() > 0 ? Result<uint64_t>(in.moved()) : fail(Errno::fault);
    }
    return in.moved();
  }

  uint16_t poll(Task&, Watcher* watcher) override {
    if (watcher != nullptr) pipe_->ready.add(*watcher);
    uint16_t events = pipe_->room() >= pipe_atomic_size ? writable_events : 0;
    if (pipe_->reader_count == 0) events |= static_cast<uint16_t>(PollEvent::error);
    return events;
  }
};

}  // namespace

Result<Pipe::Ends> Pipe::create(FileSystem& files, const Credentials& who, uint64_t capacity, uint32_t flags) {
  Arena& arena = files.arena();
  Ref<Pipe> pipe = TRY(make_counted<Pipe>(arena, files, files.take_inode_number(), who.euid, who.egid, capacity));
  pipe->link_count = 1;
  pipe->accessed = pipe->modified = pipe->changed = files.now();
  pipe->ring_ = static_cast<std::byte*>(TRY(arena.allocate(capacity)));
  Ref<PipeReader> reader = TRY(make_counted<PipeReader>(arena, pipe, flags));
  Ref<PipeWriter> writer = TRY(make_counted<PipeWriter>(arena, pipe, flags | static_cast<uint32_t>(OpenFlag::write_only)));
  return Ends{reader, writer};
}

Pipe::~Pipe() {
  if (ring_ != nullptr) arena().free(ring_, capacity_);
}

size_t Pipe::take(UserCursor& out) {
  size_t done = 0;
  while (size_ > 0 && out.remaining() > 0) {
    const uint64_t chunk = std::min({size_, capacity_ - first_, out.remaining()});
    const size_t moved = out.put({ring_ + first_, chunk});
    first_ = (first_ + moved) % capacity_;
    size_ -= moved;
    done += moved;
    if (moved < chunk) break;
  }
  if (done > 0) accessed = files_.now();
  return done;
}

size_t Pipe::put(UserCursor& in, uint64_t most) {
  size_t done = 0;
  while (done < most && in.remaining() > 0) {
    const uint64_t end = (first_ + size_) % capacity_;
    const uint64_t chunk = std::min({room(), capacity_ - end, in.remaining(), most - done});
    if (chunk == 0) break;
    const size_t moved = in.take({ring_ + end, chunk});
    size_ += moved;
    done += moved;
    if (moved < chunk) break;
  }
  if (done > 0) modified = changed = files_.now();
  return done;
}

void Pipe::check() const {
  CHECK(size_ <= capacity_);
  CHECK(first_ < capacity_);
  CHECK(reader_count <= 1);
  CHECK(writer_count <= 1);
}

}  // namespace cupel::libos
