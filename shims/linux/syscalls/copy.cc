#include "shims/linux/syscalls/copy.hh"

#include <array>

#include "libos/base/file_range.hh"
#include "libos/base/page.hh"
#include "libos/fd/fd_table.hh"
#include "libos/fd/kernel_buffer.hh"
#include "libos/fs/file_handle.hh"
#include "libos/ipc/pipe.hh"
#include "libos/machine/machine.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

// Up to `size` bytes of a regular file from `from` on to `out`, page by page; `at`: where in it, or its own position. An error only
// where nothing has moved.
Result<uint64_t> pour(Task& task, OpenFile& in, uint64_t from, OpenFile& out, const uint64_t* at, uint64_t size) {
  std::array<std::byte, page_size> bytes;
  const KernelBuffer buffer(bytes);
  uint64_t done = 0;
  while (done < size) {
    const uint64_t in_at = from + done, out_at = at == nullptr ? 0 : *at + done;
    const IoVec room{0, std::min(page_size - in_at % page_size, size - done)};
    UserCursor filling(buffer, {&room, 1});
    const auto got = in.read(task, filling, &in_at);
    if (!got) return done > 0 ? done : got;
    const IoVec filled{0, *got};
    UserCursor source(buffer, {&filled, 1});
    const auto put = *got == 0 ? got : out.write(task, source, at == nullptr ? nullptr : &out_at);
    if (!put) return done > 0 ? done : put;
    done += *put;
    if (*put < *got || *got == 0) break;
  }
  return done;
}

uint64_t position_of(Task& task, OpenFile& file) { return file.seek(task, 0, Whence::current).value_or(0); }

// wait_for_space() of Linux's fs/splice.c.
Result<> wait_for_room(Task& task, Pipe& pipe, bool nonblocking) {
  Waiter waiter(task);
  while (pipe.reader_count > 0 && pipe.room() == 0) {
    if (nonblocking) return fail(Errno::again);
    if (!waiter.queued()) pipe.ready.add(waiter);
    TRY(task.sleep(platform::no_deadline));
  }
  return pipe.reader_count > 0 ? Result<>{} : fail(Errno::pipe);
}

// do_sendfile() of Linux's fs/read_write.c, and what it calls of fs/splice.c.
Result<uint64_t> send(Task& task, RawFd out_raw, RawFd in_raw, const int64_t* offset, uint64_t count) {
  Ref<OpenFile> in = TRY(task.fds().get_io(in_raw));
  if (!in->readable()) return fail(Errno::badf);
  if (offset != nullptr && !in->seekable()) return fail(Errno::spipe);
  const uint64_t from = offset != nullptr ? static_cast<uint64_t>(*offset) : in->seekable() ? position_of(task, *in) : 0;
  count = TRY(transfer_size<uint64_t>(from, count));
  Ref<OpenFile> out = TRY(task.fds().get_io(out_raw));
  if (!out->writable()) return fail(Errno::badf);
  const bool regular = in->inode()->is_regular();
  uint64_t moved = 0;
  if (out->inode()->is_pipe()) {
    auto& pipe = static_cast<Pipe&>(*out->inode());
    TRY(wait_for_room(task, pipe, in->has(OpenFlag::nonblock) || out->has(OpenFlag::nonblock)));
    if (count == 0) return 0;
    if (!regular) return fail(Errno::inval);
    moved = TRY(pour(task, *in, from, *out, nullptr, std::min(count, pipe.room())));
  } else {
    const uint64_t at = out->seekable() ? position_of(task, *out) : 0;
    static_cast<void>(TRY(transfer_size<uint64_t>(at, count)));
    if (out->has(OpenFlag::append) || in->inode()->is_pipe()) return fail(Errno::inval);
    if (count == 0) return 0;
    if (!regular) return fail(Errno::inval);
    if (from >= in->inode()->size()) return 0;
    if (!out->inode()->is_regular()) return fail(Errno::inval);
    moved = TRY(pour(task, *in, from, *out, nullptr, count));
  }
  if (offset == nullptr) static_cast<void>(TRY(in->seek(task, static_cast<int64_t>(from + moved), Whence::set)));
  return moved;
}

// generic_copy_file_checks(): how much is to be copied.
Result<uint64_t> copyable_size(Task& task, OpenFile& in, uint64_t from, OpenFile& out, uint64_t to, uint64_t size) {
  if (in.inode()->is_directory() || out.inode()->is_directory()) return fail(Errno::isdir);
  if (!in.inode()->is_regular() || !out.inode()->is_regular()) return fail(Errno::inval);
  if (!in.readable() || !out.writable() || out.has(OpenFlag::append)) return fail(Errno::badf);
  if (from + size < from || to + size < to) return fail(Errno::overflow);
  const uint64_t end = in.inode()->size();
  if (static_cast<int64_t>(from) >= static_cast<int64_t>(end)) size = 0;
  else size = std::min(size, end - from);
  const uint64_t limit = task.file_size_max();
  if (static_cast<int64_t>(to) >= static_cast<int64_t>(limit)) return fail(Errno::fbig);
  size = std::min(size, limit - to);
  if (in.inode() == out.inode() && to + size > from && to < from + size) return fail(Errno::inval);
  static_cast<void>(TRY(transfer_size<uint64_t>(from, size)));
  return transfer_size<uint64_t>(to, size);
}

}  // namespace

Result<uint64_t> sendfile(Task& task, Fd<> out, Fd<Resource::file> in, OptionalInOut<int64_t> offset, Size count) {
  if (offset.is_null()) return send(task, out.raw, in.raw, nullptr, count.value);
  const int64_t from = TRY(offset.read(task.memory()));
  const uint64_t moved = TRY(send(task, out.raw, in.raw, &from, count.value));
  TRY(offset.write(task.memory(), from + static_cast<int64_t>(moved)));
  return moved;
}

Result<uint64_t> copy_file_range(Task& task, Fd<Resource::file> in_fd, OptionalInOut<int64_t> in_offset, Fd<Resource::file> out_fd, OptionalInOut<int64_t> out_offset, Size size,
                                 Int flags) {
  Ref<OpenFile> in = TRY(task.fds().get_io(in_fd.raw)), out = TRY(task.fds().get_io(out_fd.raw));
  const auto start = [&](OptionalInOut<int64_t> offset, OpenFile& file) -> Result<uint64_t> {
    if (!offset.is_null()) return static_cast<uint64_t>(TRY(offset.read(task.memory())));
    return file.seekable() ? position_of(task, file) : 0;
  };
  const uint64_t from = TRY(start(in_offset, *in)), to = TRY(start(out_offset, *out));
  if (flags.value != 0) return fail(Errno::inval);
  const uint64_t wanted = TRY(copyable_size(task, *in, from, *out, to, size.value));
  if (wanted == 0) return 0;
  const uint64_t moved = TRY(pour(task, *in, from, *out, &to, wanted));
  const auto tell = [&](OptionalInOut<int64_t> offset, OpenFile& file, uint64_t end) -> Result<> {
    if (!offset.is_null()) return offset.write(task.memory(), static_cast<int64_t>(end));
    static_cast<void>(TRY(file.seek(task, static_cast<int64_t>(end), Whence::set)));
    return {};
  };
  // What is copied is copied, whether or not it can be told.
  const auto told_in = tell(in_offset, *in, from + moved), told_out = tell(out_offset, *out, to + moved);
  TRY(told_in);
  TRY(told_out);
  return moved;
}

}  // namespace cupel::linux_shim
