#pragma once
#include <cstdint>
#include <span>

#include "libos/interface/derive.hh"
#include "libos/task/task.hh"

// North: Linux x86-64. The table (table.cc) is the one list of calls; everything else is derived from it.
namespace cupel::linux_shim {

using Call = interface::Entry<libos::Task>;

std::span<const Call> table();
// Calls about guest code itself, of which the mock runs none. The fuzz targets linux_signals and elf make them, as guest code would;
// they are not in the model and not compared with a kernel, so description() has them among what is missing, with that reason.
std::span<const Call> guest_code_calls();
const interface::InterfaceDesc& description();
// The entry for a call number, or nullptr: then Linux answers ENOSYS.
const Call* find(uint64_t number);

// One call as the guest makes it: the value of rax afterwards, -errno on failure. Takes and releases the machine lock.
int64_t enter(libos::Task& task, uint64_t number, const interface::Registers& registers);

}  // namespace cupel::linux_shim
