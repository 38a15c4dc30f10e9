#pragma once
#include <cstdint>

#include "platforms/snp/reason.hh"

namespace cupel::image {

// The first program has ended: the machine with it. `status` as exit(3) has it, or 128 + the signal.
[[noreturn]] void end_with_status(uint8_t status);
// The machine gives up. On a serial console and the exit device where there are such; under SEV-SNP only the reason code leaves.
[[noreturn]] void end_by_reason(snp::Reason reason, const char* what);
// Our own state is wrong.
[[noreturn]] void end_by_panic(const char* what, const char* where, uint64_t number);

}  // namespace cupel::image
