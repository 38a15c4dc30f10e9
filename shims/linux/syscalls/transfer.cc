#include "shims/linux/syscalls/transfer.hh"

#include <array>

#include "libos/base/file_range.hh"
#include "libos/base/iovec.hh"
#include "libos/base/page.hh"
#include "libos/fd/fd_table.hh"
#include "libos/fs/file_handle.hh"
#include "libos/machine/machine.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

constexpr size_t parts_max = 1024;  // UIO_MAXIOV

enum class Direction : bool { in, out };

Result<Ref<OpenFile>> file_for(Task& task, RawFd raw, Direction direction) {
  Ref<OpenFile> file = TRY(task.fds().get_io(raw));
  const bool allowed = direction == Direction::out ? file->readable() : file->writable();
  if (!allowed) return fail(Errno::badf);
  if (!(direction == Direction::out ? file->can_read() : file->can_write())) return fail(Errno::inval);
  return file;
}

Result<uint64_t> transfer(Task& task, OpenFile& file, Direction direction, std::span<const IoVec> parts, const uint64_t* at) {
  if (direction == Direction::in && parts.size() > 1 && file.writes_part_by_part()) {
    uint64_t total = 0;
    for (const IoVec& part : parts) {
      const auto moved = transfer(task, file, direction, {&part, 1}, at);
      if (!moved) return total > 0 ? Result<uint64_t>(total) : moved;
      total += *moved;
      if (*moved < part.size) break;
    }
    return total;
  }
  UserCursor cursor(task.memory(), parts);
  return direction == Direction::out ? file.read(task, cursor, at) : file.write(task, cursor, at);
}

Result<uint64_t> one_buffer(Task& task, RawFd raw, Direction direction, uint64_t address, uint64_t size, const int64_t* offset) {
  if (offset != nullptr && *offset < 0) return fail(Errno::inval);
  Ref<OpenFile> file = TRY(task.fds().get_io(raw));
  if (offset != nullptr && !file->seekable()) return fail(Errno::spipe);
  file = TRY(file_for(task, raw, direction));
  // access_ok() first: a range beyond user space is EFAULT even where nothing would be moved.
  TRY(user_range<uint64_t>(address, size, user_limit));
  const uint64_t position = offset == nullptr ? 0 : static_cast<uint64_t>(*offset);
  const IoVec part{address, TRY(transfer_size<uint64_t>(position, size))};
  return transfer(task, *file, direction, {&part, 1}, offset == nullptr ? nullptr : &position);
}

// kiocb_set_rw_flags() of Linux's include/linux/fs.h; and what has no read_iter() or write_iter() knows one flag alone.
Result<> check_flags(OpenFile& file, Direction direction, Flags<TransferFlag, Unknown::ignored> flags) {
  const bool plain = direction == Direction::out ? file.inode()->is_directory() : file.inode()->is_anonymous();
  const uint32_t known = plain ? static_cast<uint32_t>(TransferFlag::high_priority) : flags.known;
  return (flags.bits & ~known) == 0 ? Result<>{} : fail(Errno::opnotsupp);
}

Result<uint64_t> vector(Task& task, RawFd raw, Direction direction, uint64_t address, uint64_t wide_count, const int64_t* offset,
                        Flags<TransferFlag, Unknown::ignored> flags = {}) {
  const auto count = static_cast<uint32_t>(wide_count);  // import_iovec() takes an unsigned int
  if (offset != nullptr && *offset < 0) return fail(Errno::inval);
  Ref<OpenFile> file = TRY(task.fds().get_io(raw));
  if (offset != nullptr && !file->seekable()) return fail(Errno::spipe);
  file = TRY(file_for(task, raw, direction));
  if (count > parts_max) return fail(Errno::inval);
  // The array is copied once, and judged as copied.
  std::array<IoVec, 8> few;
  const size_t bytes = count * sizeof(IoVec);
  IoVec* parts = few.data();
  if (count > few.size()) parts = static_cast<IoVec*>(TRY(task.arena().allocate(bytes)));
  const auto run = [&]() -> Result<uint64_t> {
    const size_t copied = task.memory().copy_in(address, {reinterpret_cast<std::byte*>(parts), bytes});  // SAFETY: IoVec is plain bytes
    // As far as the array is there, all sizes come before any address; and a single part is cut before its range is
    // looked at (copy_iovec_from_user() and __import_iovec() of Linux's lib/iov_iter.c).
    for (const IoVec& part : std::span(parts, copied / sizeof(IoVec))) static_cast<void>(TRY(segment_size<uint64_t>(0, part.size)));
    if (copied < bytes) return fail(Errno::fault);
    uint64_t total = 0;
    for (IoVec& part : std::span(parts, count)) {
      const uint64_t size = TRY(segment_size<uint64_t>(total, part.size));
      TRY(user_range<uint64_t>(part.base, count == 1 ? size : part.size, user_limit));
      part.size = size;
      total += size;
    }
    if (total == 0) return 0;  // whatever the file says to nothing
    const uint64_t position = offset == nullptr ? 0 : static_cast<uint64_t>(*offset);
    static_cast<void>(TRY(transfer_size<uint64_t>(position, total)));
    TRY(check_flags(*file, direction, flags));
    return transfer(task, *file, direction, {parts, count}, offset == nullptr ? nullptr : &position);
  };
  auto done = run();
  if (parts != few.data()) task.arena().free(parts, bytes);
  return done;
}

}  // namespace

Result<uint64_t> read(Task& task, Fd<> fd, OutBuffer buffer) { return one_buffer(task, fd.raw, Direction::out, buffer.address, buffer.size, nullptr); }
Result<uint64_t> write(Task& task, Fd<> fd, InBuffer buffer) { return one_buffer(task, fd.raw, Direction::in, buffer.address, buffer.size, nullptr); }
Result<uint64_t> pread64(Task& task, Fd<> fd, OutBuffer buffer, Offset offset) {
  return one_buffer(task, fd.raw, Direction::out, buffer.address, buffer.size, &offset.value);
}
Result<uint64_t> pwrite64(Task& task, Fd<> fd, InBuffer buffer, Offset offset) {
  return one_buffer(task, fd.raw, Direction::in, buffer.address, buffer.size, &offset.value);
}
Result<uint64_t> readv(Task& task, Fd<> fd, OutVector parts) { return vector(task, fd.raw, Direction::out, parts.address, parts.count, nullptr); }
Result<uint64_t> writev(Task& task, Fd<> fd, InVector parts) { return vector(task, fd.raw, Direction::in, parts.address, parts.count, nullptr); }
// The offset comes in two registers; on a 64-bit kernel the low one holds all of it and the high one is shifted out.
Result<uint64_t> preadv(Task& task, Fd<> fd, OutVector parts, Offset low, Size) { return vector(task, fd.raw, Direction::out, parts.address, parts.count, &low.value); }
Result<uint64_t> pwritev(Task& task, Fd<> fd, InVector parts, Offset low, Size) { return vector(task, fd.raw, Direction::in, parts.address, parts.count, &low.value); }

// An offset of -1 is the file's own.
Result<uint64_t> preadv2(Task& task, Fd<> fd, OutVector parts, Offset low, Size, Flags<TransferFlag, Unknown::ignored> flags) {
  return vector(task, fd.raw, Direction::out, parts.address, parts.count, low.value == -1 ? nullptr : &low.value, flags);
}
Result<uint64_t> pwritev2(Task& task, Fd<> fd, InVector parts, Offset low, Size, Flags<TransferFlag, Unknown::ignored> flags) {
  return vector(task, fd.raw, Direction::in, parts.address, parts.count, low.value == -1 ? nullptr : &low.value, flags);
}

// readahead(2): all is in memory already, so it only says what is wrong.
Result<Done> readahead(Task& task, Fd<> fd, Offset, Size count) {
  Ref<OpenFile> file = TRY(file_for(task, fd.raw, Direction::out));
  if (!file->inode()->is_regular() || static_cast<int64_t>(count.value) < 0) return fail(Errno::inval);
  return Done{};
}

Result<uint64_t> lseek(Task& task, Fd<> fd, Offset offset, Choice<Whence> whence) {
  Ref<OpenFile> file = TRY(task.fds().get_io(fd.raw));
  const Whence how = TRY(whence.get());
  return file->seek(task, offset.value, how);
}

namespace {

Result<uint64_t> list(Task& task, Fd<Resource::directory> fd, OutBuffer buffer, FileHandle::Record record) {
  Ref<OpenFile> file = TRY(task.fds().get_io(fd.raw));
  if (!file->inode()->is_directory()) return fail(Errno::notdir);
  const auto size = static_cast<int32_t>(static_cast<uint32_t>(buffer.size));  // filldir64() counts in an int
  const IoVec part{buffer.address, size < 0 ? 0 : static_cast<uint64_t>(size)};
  UserCursor cursor(task.memory(), {&part, 1});
  return file->as_file()->list(cursor, record);
}

}  // namespace

Result<uint64_t> getdents(Task& task, Fd<Resource::directory> fd, OutBuffer buffer) { return list(task, fd, buffer, FileHandle::Record::type_last); }
Result<uint64_t> getdents64(Task& task, Fd<Resource::directory> fd, OutBuffer buffer) { return list(task, fd, buffer, FileHandle::Record::type_first); }

}  // namespace cupel::linux_shim
