#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

Result<Mapped> mmap(Task& task, Address address, Length length, Flags<ProtectionBit, Unknown::ignored> protection, Flags<MapFlag, Unknown::late> flags, Fd<> fd, Offset offset);
Result<Done> munmap(Task& task, Address address, Length length);
Result<Done> mprotect(Task& task, Address address, Length length, Flags<ProtectionBit, Unknown::late> protection);
Result<Done> madvise(Task& task, Address address, Length length, Choice<Advice> advice);
Result<Done> msync(Task& task, Address address, Length length, Flags<SyncFlag, Unknown::late> flags);
Result<Done> mincore(Task& task, Address address, Length length, UserOut<uint8_t> out);
Result<Mapped> brk(Task& task, Address address);

}  // namespace cupel::linux_shim
