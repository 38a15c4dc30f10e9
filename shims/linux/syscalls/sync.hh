#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// Bringing what was written to where it lasts: memory is as durable as it gets, so these only say what is wrong.
Result<Done> fsync(Task& task, Fd<> fd);
Result<Done> fdatasync(Task& task, Fd<> fd);
Result<Done> syncfs(Task& task, Fd<> fd);
Result<Done> sync_file_range(Task& task, Fd<> fd, Offset offset, Offset size, Flags<SyncRangeFlag, Unknown::late> flags);

}  // namespace cupel::linux_shim
