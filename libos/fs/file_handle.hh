#pragma once
#include "libos/fd/open_file.hh"
#include "libos/fs/file_system.hh"

namespace cupel::libos {

// An open file, directory or O_PATH handle.
class FileHandle : public OpenFile {
 public:
  FileHandle(FileSystem& files, Ref<Inode> inode, uint32_t flags) : OpenFile(flags), files_(files) { attach(std::move(inode)); }
  ~FileHandle() override {
    if (inode_ && writable()) --inode_->writer_count;
  }

  interface::Resource kind() const override { return inode_->is_directory() ? interface::Resource::directory : interface::Resource::file; }
  Result<uint64_t> read(Task& task, UserCursor& out, const uint64_t* at) override;
  Result<uint64_t> write(Task& task, UserCursor& in, const uint64_t* at) override;
  Result<uint64_t> seek(Task& task, int64_t offset, Whence whence) override;
  uint16_t poll(Task& task, Watcher* watcher) override;
  bool can_poll() const override { return false; }
  Stat stat() const override { return inode_->stat(); }
  bool seekable() const override { return true; }
  Inode* inode() const override { return inode_.get(); }
  const Ref<Inode>& inode_ref() const { return inode_; }
  // Once, before the handle is installed: it is made before its file may be.
  void attach(Ref<Inode> inode) {
    inode_ = std::move(inode);
    if (inode_ && writable()) ++inode_->writer_count;
  }
  FileHandle* as_file() override { return this; }

  // getdents64(2): whole records of the entries from the position on. EINVAL where the buffer is too small for one. Those of
  // getdents(2) have the type in their last byte.
  enum class Record : uint8_t { type_first, type_last };
  Result<uint64_t> list(UserCursor& out, Record record);

 private:
  FileSystem& files_;
  Ref<Inode> inode_;
  uint64_t position_ = 0;
};

}  // namespace cupel::libos
