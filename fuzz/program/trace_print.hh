#pragma once
#include <string>

#include "libos/interface/invocation.hh"

namespace cupel::fuzz {

// One call with its outcome on one line, in strace's manner:
//
//   openat(AT_FDCWD, "a", O_RDWR|O_CREAT, 0644) = 3
//   pipe2({4, 5}, O_CLOEXEC) = 0
//   poll([{4, POLLIN, 0}] => [{4, POLLIN, POLLIN}], 1, -1) = 1
//   read(3, 0xf000008, 16) = -1 EBADF
//   read(4, 0xf000008, 1) = ? (sleeps)
//
// What went in is read from invocation.memory, what came out from outcome.slots; a pointer that leads nowhere is a number.
// Long texts and arrays are shown in part.
std::string trace_line(const interface::Invocation& invocation, const interface::Outcome& outcome);

}  // namespace cupel::fuzz
