#pragma once
#include "cli/run/options.hh"

namespace cupel::run {

// Boots the SEV-SNP image for testing in QEMU, on a machine without SEV, and runs the command there. The exit status is the program's.
int run_in_qemu(const Options& options);

}  // namespace cupel::run
