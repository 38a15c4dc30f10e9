#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// Bytes from one file to another, without a way through the guest's memory.
Result<uint64_t> sendfile(Task& task, Fd<> out, Fd<Resource::file> in, OptionalInOut<int64_t> offset, Size count);
Result<uint64_t> copy_file_range(Task& task, Fd<Resource::file> in, OptionalInOut<int64_t> in_offset, Fd<Resource::file> out, OptionalInOut<int64_t> out_offset, Size size,
                                 Int flags);

}  // namespace cupel::linux_shim
