#pragma once
#include "libos/fd/open_file.hh"
#include "libos/fs/file_system.hh"
#include "libos/sync/wait.hh"

namespace cupel::libos {

inline constexpr uint64_t pipe_atomic_size = 4096;  // PIPE_BUF: smaller writes are never torn

// The bytes between a pipe's ends: a ring of at most `capacity`. It has an owner and a mode, as any file has.
class Pipe : public Inode {
 public:
  struct Ends {
    Ref<OpenFile> reader, writer;
  };
  // Both ends, each with its own description. ENOMEM.
  static Result<Ends> create(FileSystem& files, const Credentials& who, uint64_t capacity, uint32_t flags);
  Pipe(const FileSystem& files, uint64_t inode_number, uint32_t owner, uint32_t group, uint64_t capacity)
      : Inode(inode_number, 0010600, owner, group), files_(files), capacity_(capacity) {}
  ~Pipe() override;

  uint64_t size() const override { return 0; }  // as stat(2) has it
  uint64_t filled() const { return size_; }
  uint64_t room() const { return capacity_ - size_; }
  size_t take(UserCursor& out);
  // Copies in at most `most` bytes.
  size_t put(UserCursor& in, uint64_t most);
  void check() const override;

  uint32_t reader_count = 0, writer_count = 0;  // open descriptions
  WaitQueue ready;

 private:
  const FileSystem& files_;  // whose clock its time stamps are of
  const uint64_t capacity_;
  std::byte* ring_ = nullptr;
  uint64_t first_ = 0, size_ = 0;
};

}  // namespace cupel::libos
