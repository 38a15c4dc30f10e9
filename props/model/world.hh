#pragma once
#include <vector>

#include "props/model/model.hh"
#include "props/model/pool.hh"
#include "props/model/task.hh"

namespace cupel::props {

// Which futex a word is: by its address in a space, or by its place in what is shared.
struct FutexKey {
  enum class Kind : uint8_t { process, space, file, object } kind;
  uint32_t owner;
  uint64_t offset;
};

enum class ObjectId : uint32_t { none = UINT32_MAX };

// Anonymous memory mapped MAP_SHARED, once something was stored there.
struct SharedObject {
  uint32_t number = 0;  // Region::object
  FileBytes bytes;
  void clear() { number = 0, bytes.clear(); }
};

struct FutexWaiter {
  enum class State : uint8_t { waiting, maybe_woken, woken };
  TaskId task;
  FutexKey key;
  uint32_t bits;
  State state = State::waiting;
};

// All that the model believes of the machine. Rules look at it, effects change it.
struct World {
  explicit World(const Bounds& with) : bounds(with) { reset(); }
  void reset();

  Bounds bounds;
  Pool<Inode, InodeId> inodes;
  Pool<OpenFile, FileId> files;
  Pool<Pipe, PipeId> pipes;
  Pool<Counter, CounterId> counters;
  Pool<Epoll, EpollId> epolls;
  Pool<Timer, TimerId> timers;
  Pool<DescriptorTable, TableId> tables;
  Pool<FsContext, FsId> contexts;
  Pool<AddressSpace, SpaceId> spaces;
  Pool<SharedObject, ObjectId> objects;
  Pool<Process, ProcessId> processes;
  Pool<Task, TaskId> tasks;
  std::vector<FutexWaiter> futex_waiters;
  InodeId root{};
  uint32_t entry_serial = 0;
  uint32_t objects_count = 0;  // mappings ever made
  bool lost = false;           // something happened of which two things can have come
  Learned device;              // st_dev of the one file system
  static constexpr size_t clocks_count = 12;
  Moment moment;               // of the call that is judged
  Stamp clock_floor[clocks_count];  // the latest that each clock has shown

  // As a first process has them.
  void start_limits(Process& process) const;
  // The task with this id: one that is alive, else one that was ended in the middle of a call.
  TaskId task_of(int32_t tid) const;

  InodeId make_inode(FileType type, uint32_t mode);
  // A new name in a directory, and its time stamps.
  void link(InodeId directory, std::string_view name, InodeId inode);
  void unlink(InodeId directory, std::string_view name);
  // One name less for `inode`, which was in `directory`.
  void remove_inode(InodeId directory, InodeId inode);
  // A regular file's new size: what is cut off reads as zero when it grows again.
  void resize(InodeId inode, int64_t size);

  // The lowest free number at or above `from` now stands for `file`.
  uint32_t install(TableId table, FileId file, bool close_on_exec, uint32_t from = 0);
  void install_at(TableId table, uint32_t number, FileId file, bool close_on_exec);
  void close(TableId table, uint32_t number);
  void drop_file(FileId file);
  void drop_table(TableId table);
  // A copy, which refers to the same open files.
  TableId copy_table(TableId table);
  // The task no longer shares its descriptors with others.
  void unshare_table(TaskId task);

  // The memory behind shared anonymous mappings of that number; none while nothing was stored there.
  ObjectId object_of(uint32_t number) const;
  // `size` bytes were stored into guest memory, and into what is mapped there. Without `bytes`, nobody knows which, or
  // whether they were.
  void store(SpaceId space, uint64_t address, size_t size, std::span<const std::byte> bytes);
  void doubt(SpaceId space, uint64_t address, size_t size) { store(space, address, size, {}); }

 private:
  void drop_private_pages(InodeId file, uint64_t size);
  void store_in_file(const Region& region, uint64_t offset, size_t size, std::span<const std::byte> bytes);
  void store_in_page(SpaceId space, const Region& region, uint64_t address, size_t size, std::span<const std::byte> bytes);
};

}  // namespace cupel::props
