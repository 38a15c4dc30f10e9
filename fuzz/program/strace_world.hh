#pragma once
#include <vector>

#include "fuzz/program/strace_text.hh"

namespace cupel::fuzz::strace {

// What a recorded program found in its file system, as the calls that make it: the folders and files it looked at and had
// not made itself, the files with the bytes it read of them, cut to `content_max`. At most `calls_max` calls; what does
// not fit is counted in `left_out`.
struct World {
  std::vector<Call> calls;
  size_t left_out = 0;
};
World world_before(const std::vector<Call>& calls, size_t calls_max, size_t content_max);

}  // namespace cupel::fuzz::strace
