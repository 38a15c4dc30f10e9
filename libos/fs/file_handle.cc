#include "libos/fs/file_handle.hh"

#include <algorithm>
#include <array>
#include <cstring>

#include "libos/base/file_range.hh"
#include "libos/fs/device.hh"
#include "libos/task/task.hh"

namespace cupel::libos {
namespace {

constexpr std::array<std::byte, page_size> zeros{};

constexpr uint16_t ready_file = 0x145;  // POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM: files never block

}  // namespace

Result<uint64_t> FileHandle::read(Task& task, UserCursor& out, const uint64_t* at) {
  // rw_verify_area(): a position so far out that the end would be negative.
  static_cast<void>(TRY(transfer_size<uint64_t>(at == nullptr ? position_ : *at, out.remaining())));
  if (inode_->is_directory()) return fail(Errno::isdir);
  if (inode_->is_device()) return static_cast<Device&>(*inode_).read(task, out);
  auto& file = static_cast<RegularFile&>(*inode_);
  const uint64_t start = at == nullptr ? position_ : *at;
  uint64_t offset = start;
  while (offset < file.size() && out.remaining() > 0) {
    const uint64_t in_page = offset % page_size;
    const size_t size = std::min({page_size - in_page, file.size() - offset, out.remaining()});
    const auto page = file.page(offset / page_size);
    if (!page) {
      if (offset == start) return fail(page.error());
      break;
    }
    const size_t moved = out.put({*page == nullptr ? zeros.data() : *page + in_page, size});
    offset += moved;
    if (moved < size) break;
  }
  if (out.faulted() && offset == start) return fail(Errno::fault);
  if (at == nullptr) position_ = offset;
  if (!has(OpenFlag::no_atime) && offset > start) inode_->accessed = files_.now();
  return offset - start;
}

Result<uint64_t> FileHandle::write(Task& task, UserCursor& in, const uint64_t* at) {
  if (inode_->is_device()) return static_cast<Device&>(*inode_).write(in);
  auto& file = static_cast<RegularFile&>(*inode_);
  static_cast<void>(TRY(transfer_size<uint64_t>(at == nullptr ? position_ : *at, in.remaining())));
  if (in.remaining() == 0) return 0;
  const uint64_t start = has(OpenFlag::append) ? file.size() : at == nullptr ? position_ : *at;
  const uint64_t allowed = TRY(writable_size<uint64_t>(start, in.remaining(), task.file_size_max()));
  uint64_t offset = start;
  Errno stopped = Errno::fault;
  while (offset - start < allowed) {
    const uint64_t in_page = offset % page_size;
    const size_t size = std::min<uint64_t>(page_size - in_page, allowed - (offset - start));
    // Through a buffer of ours: a copy that faults must not leave half of it in the file.
    std::array<std::byte, page_size> chunk;
    const size_t moved = in.take(std::span(chunk).first(size));
    if (moved == 0) break;
    auto page = file.page_for_writing(offset / page_size);
    if (!page) {
      in.rewind(moved);
      stopped = page.error();
      break;
    }
    std::memcpy(*page + in_page, chunk.data(), moved);
    offset += moved;
    file.grow(offset);
    if (moved < size) break;
  }
  if (offset == start) return fail(stopped);
  if (at == nullptr) position_ = offset;
  file.modified = file.changed = files_.now();
  // A write by someone else than root takes the set-id bits away.
  if (task.credentials.euid != 0) file.mode &= (file.mode & 010) != 0 ? ~06000u : ~04000u;
  return offset - start;
}

Result<uint64_t> FileHandle::seek(Task&, int64_t offset, Whence whence) {
  const bool directory = inode_->is_directory();
  const int64_t size = static_cast<int64_t>(inode_->size());
  int64_t base = 0;
  switch (whence) {
    case Whence::set: break;
    case Whence::current: base = static_cast<int64_t>(position_); break;
    case Whence::end:
      if (directory) return fail(Errno::inval);
      base = size;
      break;
    case Whence::data:
    case Whence::hole: {
      if (directory) return fail(Errno::inval);
      if (offset < 0 || offset >= size) return fail(Errno::nxio);
      const auto& pages = *TRY(static_cast<RegularFile&>(*inode_).pages());
      const uint64_t index = static_cast<uint64_t>(offset) / page_size;
      const uint64_t found = whence == Whence::data ? pages.next_data(index, UINT64_MAX) : pages.next_hole(index);
      if (whence == Whence::data && found > (static_cast<uint64_t>(size) - 1) / page_size) return fail(Errno::nxio);
      const uint64_t place = found == index ? static_cast<uint64_t>(offset) : std::min<uint64_t>(found * page_size, static_cast<uint64_t>(size));
      position_ = place;
      return place;
    }
  }
  int64_t target = 0;
  if (__builtin_add_overflow(base, offset, &target)) return fail(Errno::inval);  // Linux lets it wrap to a negative one
  if (target < 0) return fail(Errno::inval);
  position_ = static_cast<uint64_t>(target);
  return position_;
}

uint16_t FileHandle::poll(Task&, Watcher*) { return ready_file; }

Result<uint64_t> FileHandle::list(UserCursor& out, Record format) {
  auto& directory = static_cast<Directory&>(*inode_);
  struct Header {
    uint64_t inode;
    int64_t next;
    uint16_t size;
  };
  const bool type_first = format == Record::type_first;
  constexpr size_t header_size_max = 19;  // ino, off, reclen, type: packed
  const size_t header_size = type_first ? header_size_max : header_size_max - 1;
  uint64_t done = 0;    // bytes of whole records: one that faults half-way does not count
  bool broken = false;  // one did
  const auto emit = [&](std::string_view name, const Inode& inode, uint64_t next) -> bool {
    std::array<std::byte, (header_size_max + name_size_max + 1 + 7) / 8 * 8> record{};
    const auto size = static_cast<uint16_t>((header_size_max + name.size() + 1 + 7) / 8 * 8);
    if (out.remaining() < size) return false;
    const auto type = static_cast<uint8_t>((inode.mode & 0170000) >> 12);
    std::memcpy(record.data(), &inode.number, 8);
    std::memcpy(record.data() + 8, &next, 8);
    std::memcpy(record.data() + 16, &size, 2);
    if (type_first) std::memcpy(record.data() + header_size - 1, &type, 1);
    std::memcpy(record.data() + header_size, name.data(), name.size());
    // The padding behind the NUL stays as it was: filldir64() of Linux's fs/readdir.c does not write it.
    const size_t said = header_size + name.size() + 1, last = type_first ? 0 : 1;
    broken = out.put(std::span(record).first(said)) < said;
    if (broken) return false;
    out.skip(size - said - last);
    broken = out.put(std::as_bytes(std::span(&type, 1)).first(last)) < last;
    if (broken) return false;
    done += size;
    return true;
  };
  if (directory.removed) return fail(Errno::noent);
  TRY(directory.populate());
  const uint64_t start = position_;
  bool full = false;
  const auto step = [&](std::string_view name, const Inode& inode, uint64_t next) {
    full = !emit(name, inode, next);
    if (!full) position_ = next;
  };
  if (position_ == 0) step(".", directory, 1);
  if (!full && position_ == 1) step("..", directory.parent ? *directory.parent : directory, directory.newest_cookie());
  while (!full && position_ < Directory::end_cookie) {
    Entry* entry = directory.at_or_before(position_);
    if (entry == nullptr) {
      position_ = Directory::end_cookie;
      break;
    }
    const Entry* older = directory.at_or_before(entry->cookie - 1);
    step(entry->name(), *entry->inode, older == nullptr ? Directory::end_cookie : older->cookie);
  }
  directory.accessed = files_.now();
  if (done == 0 && full) {
    position_ = start;
    return fail(broken ? Errno::fault : Errno::inval);
  }
  return done;
}

}  // namespace cupel::libos
