#pragma once
#include "cli/run/guest.hh"
#include "cli/run/options.hh"

namespace cupel::run {

// In the first host process of a machine: builds it and turns this process into its first program. Never comes back; what goes
// wrong is said on stderr and becomes the machine's exit status.
[[noreturn]] void boot(Guest& guest, on_linux::LinuxPlatform& platform, const Options& options);

}  // namespace cupel::run
