#pragma once
#include "libos/machine/machine.hh"

namespace cupel::fuzz {

// A hash of what the tasks of a machine could find out about it by further calls, read from its structures: descriptors,
// names, attributes, mappings, what waits in pipes and counters, children. Not the bytes of memory and files, nor what only
// libos itself can tell. For holding what a call left behind against what it found.
uint64_t visible_digest(libos::Machine& machine);

}  // namespace cupel::fuzz
