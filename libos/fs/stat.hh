#pragma once
#include <cstdint>

namespace cupel::libos {

struct Timespec {
  int64_t seconds;
  int64_t nanoseconds;
  friend bool operator==(const Timespec&, const Timespec&) = default;
};

// File type bits of st_mode (inode(7)).
enum class FileType : uint32_t { fifo = 0010000, character = 0020000, directory = 0040000, regular = 0100000, symlink = 0120000, socket = 0140000 };

// struct stat of x86-64 Linux (stat(2)), every byte of it named, so that none can leak.
struct Stat {
  uint64_t device;
  uint64_t inode;
  uint64_t link_count;
  uint32_t mode;
  uint32_t uid;
  uint32_t gid;
  uint32_t padding;
  uint64_t represented_device;
  int64_t size;        // bytes
  int64_t block_size;  // bytes
  int64_t block_count; // of 512 bytes
  Timespec accessed, modified, changed;
  int64_t unused[3];
};
static_assert(sizeof(Stat) == 144);

}  // namespace cupel::libos
