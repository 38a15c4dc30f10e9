#pragma once
#include <array>

#include "fuzz/host/sandbox.hh"

// The child's side of making a sandbox. Runs between clone(2) and the sandbox's body, so it allocates nothing.
namespace cupel::host {

// Where a child that could not confine itself says why: lives in memory shared with the parent.
struct Refusal {
  const char* step = nullptr;  // a literal; the child is a copy of the parent, so the pointer means the same there
  int error = 0;               // errno
};

// Bytes of address space this process has, RLIMIT_AS counts them all; 0 where /proc does not say.
uint64_t address_space_size();

// Each gives up by filling in `refusal` and returning false.
bool enter_empty_root(const Confinement& confinement, Refusal& refusal);
bool limit_resources(const Confinement& confinement, uint64_t address_space, Refusal& refusal);
bool drop_capabilities(Refusal& refusal);
bool filter_calls(std::span<const uint16_t> calls, Refusal& refusal);

}  // namespace cupel::host
