#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// read(2), pread(2), readv(2), preadv(2) and the writing four: transfers between a description and guest memory.
Result<uint64_t> read(Task& task, Fd<> fd, OutBuffer buffer);
Result<uint64_t> write(Task& task, Fd<> fd, InBuffer buffer);
Result<uint64_t> pread64(Task& task, Fd<> fd, OutBuffer buffer, Offset offset);
Result<uint64_t> pwrite64(Task& task, Fd<> fd, InBuffer buffer, Offset offset);
Result<uint64_t> readv(Task& task, Fd<> fd, OutVector parts);
Result<uint64_t> writev(Task& task, Fd<> fd, InVector parts);
Result<uint64_t> preadv(Task& task, Fd<> fd, OutVector parts, Offset low, Size high);
Result<uint64_t> pwritev(Task& task, Fd<> fd, InVector parts, Offset low, Size high);
Result<uint64_t> preadv2(Task& task, Fd<> fd, OutVector parts, Offset low, Size high, Flags<TransferFlag, Unknown::ignored> flags);
Result<uint64_t> pwritev2(Task& task, Fd<> fd, InVector parts, Offset low, Size high, Flags<TransferFlag, Unknown::ignored> flags);
Result<Done> readahead(Task& task, Fd<> fd, Offset offset, Size count);
Result<uint64_t> lseek(Task& task, Fd<> fd, Offset offset, Choice<Whence> whence);
Result<uint64_t> getdents(Task& task, Fd<Resource::directory> fd, OutBuffer buffer);
Result<uint64_t> getdents64(Task& task, Fd<Resource::directory> fd, OutBuffer buffer);

}  // namespace cupel::linux_shim
