#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// struct statfs.
struct RawStatfs {
  uint64_t type, block_size, blocks, blocks_free, blocks_available, files, files_free, id, name_size_max, fragment_size, flags, spare1, spare2, spare3, spare4;
};
static_assert(sizeof(RawStatfs) == 120);

// What is known of the file system that a file is on.
Result<Done> statfs(Task& task, UserPath path, UserOut<RawStatfs> out);
Result<Done> fstatfs(Task& task, Fd<> fd, UserOut<RawStatfs> out);

}  // namespace cupel::linux_shim
