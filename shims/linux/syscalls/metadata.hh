#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// What stat(2) shows, and the calls that change it.
Result<Done> stat(Task& task, UserPath path, UserOut<RawStat> out);
Result<Done> lstat(Task& task, UserPath path, UserOut<RawStat> out);
Result<Done> fstat(Task& task, Fd<> fd, UserOut<RawStat> out);
Result<Done> newfstatat(Task& task, DirFd from, UserPath path, UserOut<RawStat> out, Flags<StatAtFlag, Unknown::late> flags);
Result<Done> statx(Task& task, DirFd from, UserPath path, Flags<StatAtFlag, Unknown::late> flags, Flags<StatxMask, Unknown::ignored> mask, UserOut<RawStatx> out);
Result<Done> access(Task& task, UserPath path, Flags<AccessMode> mode);
Result<Done> faccessat(Task& task, DirFd from, UserPath path, Flags<AccessMode> mode);
Result<Done> faccessat2(Task& task, DirFd from, UserPath path, Flags<AccessMode> mode, Flags<AccessAtFlag> flags);
Result<Done> chmod(Task& task, UserPath path, Mode mode);
Result<Done> fchmod(Task& task, Fd<> fd, Mode mode);
Result<Done> fchmodat(Task& task, DirFd from, UserPath path, Mode mode);
Result<Done> fchmodat2(Task& task, DirFd from, UserPath path, Mode mode, Flags<OwnerAtFlag> flags);
Result<Done> chown(Task& task, UserPath path, UserId user, UserId group);
Result<Done> lchown(Task& task, UserPath path, UserId user, UserId group);
Result<Done> fchown(Task& task, Fd<> fd, UserId user, UserId group);
Result<Done> fchownat(Task& task, DirFd from, UserPath path, UserId user, UserId group, Flags<OwnerAtFlag> flags);
Result<uint64_t> umask(Task& task, Mode mode);
Result<Done> truncate(Task& task, UserPath path, Offset size);
Result<Done> ftruncate(Task& task, Fd<> fd, Offset size);
Result<Done> fallocate(Task& task, Fd<> fd, Flags<FallocateMode, Unknown::late> mode, Offset offset, Offset size);

}  // namespace cupel::linux_shim
