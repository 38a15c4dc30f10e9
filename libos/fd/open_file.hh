#pragma once
#include <cstdint>
#include <span>

#include "libos/base/counted.hh"
#include "libos/fd/file_lock.hh"
#include "libos/fs/stat.hh"
#include "libos/fd/user_cursor.hh"
#include "libos/interface/desc.hh"

namespace cupel::libos {

class FileHandle;
class Inode;
class Epoll;
class Task;
class TimerFd;
class Watcher;

// O_* status and access bits of open(2), as x86-64 Linux numbers them.
enum class OpenFlag : uint32_t {
  write_only = 01, read_write = 02, create = 0100, exclusive = 0200, no_ctty = 0400, truncate = 01000, append = 02000,
  nonblock = 04000, dsync = 010000, async = 020000, direct = 040000, large_file = 0100000, directory = 0200000,
  no_follow = 0400000, no_atime = 01000000, cloexec = 02000000, sync = 04010000, path = 010000000, tmpfile = 020200000,
};

enum class Whence : uint32_t { set = 0, current = 1, end = 2, data = 3, hole = 4 };

// poll(2) event bits.
enum class PollEvent : uint16_t { in = 1, pri = 2, out = 4, error = 8, hang_up = 16, invalid = 32, read_normal = 64, read_band = 128, write_normal = 256, write_band = 512, read_hang_up = 0x2000 };

// Who is to know when a description ends: an epoll's interest in it.
struct FileWatchTag;
using FileWatchHook = boost::intrusive::list_base_hook<boost::intrusive::tag<FileWatchTag>, boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
class FileWatch : public FileWatchHook {
 public:
  virtual void on_file_gone() = 0;  // takes it off the description's list
  virtual Epoll* epoll() = 0;

 protected:
  ~FileWatch() = default;
};

// An open file description: what dup(2) and fork(2) share. The access mode has been checked by the caller
// (FdTable::reader, writer) before read() or write() run.
class OpenFile : public Counted {
 public:
  explicit OpenFile(uint32_t flags) : lock(*this), flags_(flags) {}
  ~OpenFile() override {
    while (!watches.empty()) watches.front().on_file_gone();
  }

  virtual interface::Resource kind() const = 0;
  // Both return how many bytes moved. `at`: the file position for pread and pwrite (ESPIPE where there is none);
  // nullptr: the description's own position, which advances.
  virtual Result<uint64_t> read(Task& task, UserCursor& out, const uint64_t* at) = 0;
  virtual Result<uint64_t> write(Task& task, UserCursor& in, const uint64_t* at) = 0;
  virtual Result<uint64_t> seek(Task& task, int64_t offset, Whence whence) = 0;
  // What is ready now. Where `watcher` is given it is told of the next changes.
  virtual uint16_t poll(Task& task, Watcher* watcher) = 0;
  // Whether there is something to wait for at all: epoll(7) takes nothing else.
  virtual bool can_poll() const { return true; }
  // Whether bytes can be read from it, or written to it, by those who may.
  virtual bool can_read() const { return true; }
  virtual bool can_write() const { return true; }
  // Of what becomes ready because time passes: notices that it has, and tells (monotonic) when it will next.
  virtual bool has_clock() const { return false; }
  virtual void tick(Task&) {}
  virtual platform::Nanoseconds next_tick(Task&) { return platform::no_deadline; }
  virtual Stat stat() const = 0;
  virtual bool seekable() const { return false; }
  // Whether writev(2) is a write(2) for each part, until one fails or is short.
  virtual bool writes_part_by_part() const { return false; }
  // The file behind it; one without a type for what is no file.
  virtual Inode* inode() const = 0;
  virtual FileHandle* as_file() { return nullptr; }
  virtual Epoll* as_epoll() { return nullptr; }
  virtual TimerFd* as_timer() { return nullptr; }
  // The last descriptor in a table was closed (not only the last reference).
  virtual void on_last_close() {}
  // Structural invariants, for Machine::check().
  virtual void check() const {}

  uint32_t flags() const { return flags_; }
  void set_flags(uint32_t flags) { flags_ = flags; }
  bool has(OpenFlag flag) const { return (flags_ & static_cast<uint32_t>(flag)) == static_cast<uint32_t>(flag); }
  // The access mode 3 grants neither: open(2) has it for ioctl(2) alone.
  bool readable() const { return ((flags_ & 3) == 0 || (flags_ & 3) == 2) && !has(OpenFlag::path); }
  bool writable() const { return ((flags_ & 3) == 1 || (flags_ & 3) == 2) && !has(OpenFlag::path); }

  uint32_t descriptor_count = 0;  // how many table slots name it
  FileLock lock;                  // of flock(2)
  boost::intrusive::list<FileWatch, boost::intrusive::base_hook<FileWatchHook>, boost::intrusive::constant_time_size<false>> watches;

 private:
  uint32_t flags_;
};

}  // namespace cupel::libos
