#pragma once
#include "libos/fd/open_file.hh"
#include "libos/fs/inode.hh"
#include "libos/sync/wait.hh"

namespace cupel::libos {

// eventfd(2): a counter that is read and written eight bytes at a time.
class EventFd : public OpenFile {
 public:
  enum class Mode : bool { counter, semaphore };
  EventFd(Ref<Inode> inode, uint64_t value, Mode mode, uint32_t flags) : OpenFile(flags), inode_(std::move(inode)), value_(value), mode_(mode) {}

  interface::Resource kind() const override { return interface::Resource::eventfd; }
  Result<uint64_t> read(Task& task, UserCursor& out, const uint64_t* at) override;
  Result<uint64_t> write(Task& task, UserCursor& in, const uint64_t* at) override;
  Result<uint64_t> seek(Task&, int64_t, Whence) override { return 0; }  // Linux lets one, to no effect
  uint16_t poll(Task& task, Watcher* watcher) override;
  Stat stat() const override { return anonymous_stat(*inode_); }
  Inode* inode() const override { return inode_.get(); }
  // write(2) has no form for vectors: each part counts as a write of its own.
  bool writes_part_by_part() const override { return true; }
  uint64_t value() const { return value_; }

 private:
  Ref<Inode> inode_;
  uint64_t value_;
  const Mode mode_;
  WaitQueue changed_;
};

}  // namespace cupel::libos
