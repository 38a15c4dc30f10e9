#pragma once
#include "libos/base/result.hh"
#include "libos/machine/machine.hh"

namespace cupel::image {

// What a machine has before its first program: what the archive holds, and the devices of /dev.
Result<> make_first_files(libos::Machine& machine, std::span<const std::byte> archive);
// Descriptors 0, 1 and 2 of the first task.
Result<> open_streams(libos::Task& task);

}  // namespace cupel::image
