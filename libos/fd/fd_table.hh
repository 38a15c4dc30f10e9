#pragma once
#include "libos/fd/open_file.hh"
#include "libos/interface/args.hh"

namespace cupel::libos {

using interface::RawFd;

enum class CloseOnExec : bool { no, yes };

// A process's descriptors. Numbers are given out lowest first: POSIX promises it, and programs that close(0) and then
// open() rely on it.
class FdTable : public Counted {
 public:
  static Result<Ref<FdTable>> create(Arena& arena, uint32_t descriptors_max);
  Result<Ref<FdTable>> clone() const;
  explicit FdTable(uint32_t descriptors_max) : descriptors_max_(descriptors_max) {}
  ~FdTable() override;

  // The description behind a number the guest sent; EBADF. The Ref keeps it alive while the call sleeps.
  Result<Ref<OpenFile>> get(RawFd raw) const;
  // The same, for calls which do nothing with a description opened with O_PATH: EBADF for these as well.
  Result<Ref<OpenFile>> get_io(RawFd raw) const;

  // The lowest free number at or above `from`, with room made for it, so that put() cannot fail. EMFILE, ENOMEM.
  Result<int32_t> reserve(uint32_t from = 0);
  // Two free numbers, for pairs that are installed both or not at all.
  struct Pair {
    int32_t first, second;
  };
  Result<Pair> reserve_two();
  // Fills a reserved number, or replaces what is at an open one (closing it).
  void put(int32_t number, Ref<OpenFile> file, CloseOnExec close_on_exec);
  // Room for exactly this number, as dup2(2) wants it: EBADF beyond the limit.
  Result<> make_room(uint32_t number);
  Result<> close(RawFd raw);

  Result<CloseOnExec> close_on_exec(RawFd raw) const;
  Result<> set_close_on_exec(RawFd raw, CloseOnExec value);
  // exec(2): closes what is marked.
  void close_marked();

  uint32_t open_count() const { return open_count_; }
  // RLIMIT_NOFILE of the task at work: numbers from there on are not given out. What is open there stays.
  void set_limit(uint64_t soft) { limit_ = soft < descriptors_max_ ? static_cast<uint32_t>(soft) : descriptors_max_; }
  uint32_t descriptors_max() const { return limit_; }
  uint32_t slot_count() const { return slot_count_; }
  OpenFile* at(uint32_t index) const { return index < slot_count_ ? slots_[index].file.get() : nullptr; }
  void check() const;

 private:
  struct Slot {
    Ref<OpenFile> file;
    CloseOnExec close_on_exec = CloseOnExec::no;
  };
  Result<size_t> slot_of(RawFd raw) const;
  Result<> grow(uint32_t slot_count);
  void drop(Slot& slot);

  const uint32_t descriptors_max_;  // however high the limit
  uint32_t limit_ = descriptors_max_;
  Slot* slots_ = nullptr;
  uint32_t slot_count_ = 0;
  uint32_t lowest_free_ = 0;  // no slot below it is free
  uint32_t open_count_ = 0;
};

}  // namespace cupel::libos
