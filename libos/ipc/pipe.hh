#pragma once
#include "libos/fd/open_file.hh"
#include "libos/sync/wait.hh"

namespace cupel::libos {

inline constexpr uint64_t pipe_atomic_size = 4096;  // PIPE_BUF: smaller writes are never torn

// The bytes between a pipe's ends: a ring of at most `capacity`.
class Pipe : public Counted {
 public:
  struct Ends {
    Ref<OpenFile> reader, writer;
  };
  // Both ends, each with its own description. ENOMEM.
  static Result<Ends> create(Arena& arena, uint64_t capacity, uint32_t flags, Timespec now);
  explicit Pipe(uint64_t capacity) : capacity_(capacity) {}
  ~Pipe() override;

  uint64_t size() const { return size_; }
  uint64_t room() const { return capacity_ - size_; }
  size_t take(UserCursor& out);
  // Copies in at most `most` bytes.
  size_t put(UserCursor& in, uint64_t most);
  void check() const;

  uint32_t reader_count = 0, writer_count = 0;  // open descriptions
  WaitQueue changed;
  Timespec created{};

 private:
  const uint64_t capacity_;
  std::byte* ring_ = nullptr;
  uint64_t first_ = 0, size_ = 0;
};

}  // namespace cupel::libos
