#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// Making, moving and removing names.
Result<Done> mkdir(Task& task, UserPath path, Mode mode);
Result<Done> mkdirat(Task& task, DirFd from, UserPath path, Mode mode);
using Device = Number<uint32_t, Kind::integer, 0, 300>;
Result<Done> mknod(Task& task, UserPath path, Flags<NodeMode, Unknown::ignored> mode, Device device);
Result<Done> mknodat(Task& task, DirFd from, UserPath path, Flags<NodeMode, Unknown::ignored> mode, Device device);
Result<Done> rmdir(Task& task, UserPath path);
Result<Done> unlink(Task& task, UserPath path);
Result<Done> unlinkat(Task& task, DirFd from, UserPath path, Flags<UnlinkAtFlag> flags);
Result<Done> link(Task& task, UserPath old_path, UserPath new_path);
Result<Done> linkat(Task& task, DirFd old_from, UserPath old_path, DirFd new_from, UserPath new_path, Flags<LinkAtFlag> flags);
Result<Done> symlink(Task& task, UserPath target, UserPath path);
Result<Done> symlinkat(Task& task, UserPath target, DirFd from, UserPath path);
Result<uint64_t> readlink(Task& task, UserPath path, OutBuffer buffer);
Result<uint64_t> readlinkat(Task& task, DirFd from, UserPath path, OutBuffer buffer);
Result<Done> rename(Task& task, UserPath old_path, UserPath new_path);
Result<Done> renameat(Task& task, DirFd old_from, UserPath old_path, DirFd new_from, UserPath new_path);
Result<Done> renameat2(Task& task, DirFd old_from, UserPath old_path, DirFd new_from, UserPath new_path, Flags<RenameFlag> flags);
Result<uint64_t> getcwd(Task& task, OutBuffer buffer);
Result<Done> chdir(Task& task, UserPath path);
Result<Done> fchdir(Task& task, Fd<Resource::directory> fd);

}  // namespace cupel::linux_shim
