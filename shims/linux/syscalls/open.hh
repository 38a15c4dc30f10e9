#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

using OpenFlags = Flags<OpenFlag, Unknown::ignored>;  // open(2) ignores bits it does not know; openat2(2) does not

Result<NewFd<Resource::any>> open(Task& task, UserPath path, OpenFlags flags, Mode mode);
Result<NewFd<Resource::any>> openat(Task& task, DirFd from, UserPath path, OpenFlags flags, Mode mode);
Result<NewFd<Resource::file>> creat(Task& task, UserPath path, Mode mode);
Result<Done> close(Task& task, Fd<> fd);
Result<Done> close_range(Task& task, Int first, Int last, Flags<CloseRangeFlag> flags);
Result<NewFd<Resource::any>> dup(Task& task, Fd<> fd);
Result<NewFd<Resource::any>> dup2(Task& task, Fd<> fd, Fd<> to);
Result<NewFd<Resource::any>> dup3(Task& task, Fd<> fd, Fd<> to, Flags<DupFlag> flags);
Result<uint64_t> fcntl(Task& task, Fd<> fd, Choice<FcntlCommand> command, Int argument);

}  // namespace cupel::linux_shim
