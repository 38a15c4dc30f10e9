#pragma once
#include <cstdint>
#include <span>

#include "libos/interface/derive.hh"
#include "libos/task/task.hh"

// North: Linux x86-64. The table (table.cc) is the one list of calls; everything else is derived from it.
namespace cupel::linux_shim {

using Call = interface::Entry<libos::Task>;

std::span<const Call> table();
// Calls about guest code itself. The mock, on which all calls of table() are generated, modelled and compared, runs none, so
// these are not: description() has them among what is missing, with that reason.
std::span<const Call> guest_code_calls();
const interface::InterfaceDesc& description();
// The entry for a call number, or nullptr: then Linux answers ENOSYS.
const Call* find(uint64_t number);

// One call as the guest makes it: the value of rax afterwards, -errno on failure. Takes and releases the machine lock.
int64_t enter(libos::Task& task, uint64_t number, const interface::Registers& registers);

}  // namespace cupel::linux_shim
