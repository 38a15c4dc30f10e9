#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "props/model/inode.hh"

namespace cupel::props {

enum class FileId : uint32_t { none = UINT32_MAX };
enum class PipeId : uint32_t { none = UINT32_MAX };
enum class CounterId : uint32_t { none = UINT32_MAX };
enum class EpollId : uint32_t { none = UINT32_MAX };
enum class TimerId : uint32_t { none = UINT32_MAX };

// flock(2).
enum class FileLock : uint8_t { none, shared, exclusive };

// An open file description: what dup(2) and fork(2) share.
struct OpenFile {
  InodeId inode = InodeId::none;
  PipeId pipe = PipeId::none;
  CounterId counter = CounterId::none;
  EpollId epoll = EpollId::none;
  TimerId timer = TimerId::none;
  uint32_t flags = 0;    // access mode and status flags, as F_GETFL gives them
  uint32_t references = 0;
  FileLock lock = FileLock::none;
  Learned offset{true, 0};            // of a directory in the middle of reading, the implementation's cookie
  std::vector<uint32_t> listed;       // serials of the directory entries getdents64(2) has given since the last rewind
  uint32_t rewound_at = 0;            // entries with a smaller serial must be among them at the end
  bool listing_unsure = false;        // lseek(2) went to a cookie

  void clear();
  bool readable() const;
  bool writable() const;
  bool is_path() const;
  bool has_position() const { return pipe == PipeId::none && !is_nameless(); }
  // What is no file: it has no type and no positions.
  bool is_nameless() const { return counter != CounterId::none || epoll != EpollId::none || timer != TimerId::none; }
  bool has(uint32_t flag) const { return (flags & flag) == flag; }
};

struct Pipe {
  // A page-sized buffer of Linux's, in part: how much of it was written, and how much of that is still to be read.
  struct Fragment {
    uint32_t end;
    uint32_t left;
  };
  std::vector<std::byte> bytes;  // from `begin`
  size_t begin = 0;
  std::vector<Fragment> fragments;  // how Linux would have spread the bytes; oldest first
  uint32_t readers = 0;
  uint32_t writers = 0;
  bool unsure = false;           // a large write went in bit by bit: anything goes
  // Pages of files that lie in it: what is written to the file until they are read may show.
  struct Loan {
    InodeId inode;
    uint32_t modifications;
  };
  std::vector<Loan> loans;
  uint32_t arrivals = 0, changes = 0;  // how often bytes came, and anything happened

  void clear();
  size_t size() const { return bytes.size() - begin; }
  void fill(std::span<const std::byte> more);
  // Pages of a file, whose bytes from `offset` on these are.
  void borrow(std::span<const std::byte> more, uint64_t offset, InodeId inode, uint32_t modifications);
  void drain(size_t size);
};

// eventfd(2).
struct Counter {
  uint64_t value = 0;
  bool semaphore = false;
  bool unsure = false;  // a read that faulted may have taken the value
  uint32_t arrivals = 0, changes = 0;  // how often it was added to, and anything happened
  void clear() { *this = {}; }
};

// timerfd(2).
struct Timer {
  int32_t clock = 0;
  bool runs = false;
  bool relative = false;  // set as a span from then on
  bool exact = false;     // `until` is when it runs out, not only a time before which it does not
  bool unsure = false;    // a read that faulted may have stopped it
  bool known = true;      // what it is set to: not after a call that failed where it may or may not have set it
  Stamp until;
  Span due{0, 0};         // when it runs out first, by its clock; {0, 0}: nobody knows
  Timespec span{}, interval{};
  void clear() { *this = {}; }
};

// epoll(7): one file that is watched, by the number under which it was added.
struct EpollEntry {
  FileId file;
  int32_t number;
  uint32_t events;
  uint32_t data[2];
  bool fresh = false;    // set, and not told of since
  bool unsure = false;   // may have been told of
  uint32_t told = 0;     // what there was when it was told of last, and how often things had happened
  uint32_t arrivals = 0, changes = 0;
};
struct Epoll {
  std::vector<EpollEntry> entries;
  void clear() { entries.clear(); }
};

struct Descriptor {
  FileId file = FileId::none;
  bool close_on_exec = false;
};

enum class TableId : uint32_t { none = UINT32_MAX };

struct DescriptorTable {
  std::vector<Descriptor> descriptors;
  uint32_t references = 0;

  void clear() { descriptors.clear(), references = 0; }
  // The lowest number that is free and at least `from`.
  uint32_t lowest_free(uint32_t from = 0) const;
  FileId at(int32_t number) const;
};

}  // namespace cupel::props
