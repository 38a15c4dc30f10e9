#pragma once
#include <array>
#include <cstring>
#include <string_view>

#include "libos/base/result.hh"
#include "props/model/allowed.hh"
#include "props/model/world.hh"

namespace cupel::props {

// A stretch of guest memory.
struct Piece {
  uint64_t address;
  uint64_t size;
};

// Room for what a call reads from guest memory; lent by the model, so that nothing is allocated.
struct Scratch {
  static constexpr size_t path_max = 4096;  // with its NUL
  std::array<std::array<char, path_max>, 2> paths;
  size_t paths_count;
  std::array<FileId, Task::held_max> files;  // that the first argument stood for, and another
  std::vector<FileId> polled;  // that the entries of poll(2) stood for
  std::vector<Remembered> remembered;  // what the call has read and does not read again
  std::vector<Piece> pieces;
  std::vector<std::byte> bytes;
  bool judges_memory;  // what is found in guest memory is to be what the model has there
  std::string memory_must, memory_has;  // where it was not
};

// One call as a rule sees it: who makes it, with what, in which world. Nothing here can be changed.
class Call {
 public:
  Call(const World& world, TaskId caller, const interface::Invocation& invocation, const interface::Outcome& outcome,
       Scratch& scratch)
      : world(world), caller(caller), task(world.tasks[caller]), invocation_(invocation), outcome_(outcome), scratch_(scratch) {
    scratch_.paths_count = 0;
    scratch_.files.fill(FileId::none);
    scratch_.polled.clear();
    scratch_.remembered.clear();
    scratch_.memory_must.clear();
  }

  const World& world;
  const TaskId caller;
  const Task& task;

  template <class T>
  T arg(size_t index) const {
    return static_cast<T>(invocation_.registers[index]);
  }
  uint64_t address(size_t index) const { return invocation_.registers[index]; }

  // What came out, where it is for the implementation to choose: ids, addresses.
  int64_t result() const { return outcome_.value; }
  // Comes back from having been blocked, or is asked whether it still has to be.
  bool resumed() const { return task.blocked; }
  // What the call has left in guest memory, where it was looked at.
  Actual actual() const { return {outcome_.value, outcome_.slots}; }

  // --- limits ---
  const Process& process() const { return world.processes[task.process]; }
  uint64_t soft_limit(uint32_t resource) const { return process().limits[resource].soft; }
  uint64_t descriptors_max() const;
  int64_t file_size_max() const;
  // ENOMEM where so many pages at `begin` are more than the process may have.
  Result<> room_for_pages(uint64_t begin, uint64_t size, bool writable_data) const;

  // --- descriptors ---
  const DescriptorTable& table() const { return world.tables[task.table]; }
  FileId file_id(int32_t number) const { return table().at(number); }
  // EBADF unless argument `index` is an open descriptor; O_PATH descriptors count only for `path_too`.
  Result<FileId> file(size_t index, bool path_too = false) const;
  // If the call goes to sleep, it keeps the next entry's file open.
  void polls(FileId file) const { scratch_.polled.push_back(file); }
  const OpenFile& at(FileId id) const { return world.files[id]; }
  const Inode& at(InodeId id) const { return world.inodes[id]; }
  // EMFILE when no number is free.
  Result<> room_for_descriptors(uint32_t count, uint32_t from = 0) const;

  // --- guest memory ---
  const AddressSpace& space() const { return world.spaces[task.space]; }
  // How many bytes from `address` on may be read, or written, up to `size`.
  size_t readable(uint64_t address, size_t size) const { return reach(address, size, prot_read); }
  size_t writable(uint64_t address, size_t size) const { return reach(address, size, prot_write); }
  // Copies in what can be read, and says how much that is.
  size_t load(uint64_t address, std::span<std::byte> out) const;
  template <class T>
  Result<T> read(uint64_t address) const {
    T value;
    if (load(address, std::as_writable_bytes(std::span(&value, 1))) != sizeof(T)) return fail(Errno::fault);
    return value;
  }
  // The same for what a call reads before it goes to sleep, and never again.
  template <class T>
  Result<T> read_once(uint64_t address) const {
    T value;
    TRY(read_once(address, std::as_writable_bytes(std::span(&value, 1))));
    return value;
  }
  // A struct that a newer program may have more of: what we do not know must be zero. EINVAL, E2BIG, EFAULT.
  template <class T>
  Result<T> read_sized(uint64_t address, uint64_t size) const {
    if (size < sizeof(T)) return fail(Errno::inval);
    TRY(unknown_is_zero(address + sizeof(T), size, sizeof(T)));
    return read<T>(address);
  }
  // EFAULT, with scribbles, where `size` bytes cannot be stored at `address`.
  Result<> can_store(Allowed& allowed, uint64_t address, size_t size) const;
  // The path at argument `index`: EFAULT, ENAMETOOLONG; an empty one is ENOENT unless `empty_too`.
  Result<std::string_view> path(size_t index, bool empty_too = false) const;

  // One buffer, or those of an iovec array: EINVAL and EFAULT as readv(2) has them. Valid until the next call.
  Result<std::span<const Piece>> buffer(size_t address_index) const;
  Result<std::span<const Piece>> vector(size_t address_index) const;
  // How far the pieces can be read, or written, up to `limit` bytes.
  size_t readable(std::span<const Piece> pieces, size_t limit) const { return reach(pieces, limit, prot_read); }
  size_t writable(std::span<const Piece> pieces, size_t limit) const { return reach(pieces, limit, prot_write); }
  // Whether some of the pieces lie in a mapping of that file.
  bool maps(std::span<const Piece> pieces, InodeId file) const;
  // The first `size` bytes of the pieces, which are readable. Valid until the next call.
  std::span<const std::byte> load(std::span<const Piece> pieces, size_t size) const;

 private:
  Result<> unknown_is_zero(uint64_t address, uint64_t size, uint64_t known) const;
  size_t reach(std::span<const Piece> pieces, size_t limit, uint8_t protection) const;
  size_t reach(uint64_t address, size_t size, uint8_t protection) const;

  Result<> read_once(uint64_t address, std::span<std::byte> out) const;
  void judge_loaded(uint64_t address, std::span<const std::byte> bytes) const;

  const interface::Invocation& invocation_;
  const interface::Outcome& outcome_;
  Scratch& scratch_;
};

// A rule states what its call may do. An error it returns is one more allowed outcome.
using Rule = Result<> (*)(const Call& call, Allowed& allowed);

}  // namespace cupel::props
