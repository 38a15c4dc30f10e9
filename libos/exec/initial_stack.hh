#pragma once
#include "libos/exec/arguments.hh"
#include "libos/exec/load.hh"
#include "libos/machine/config.hh"
#include "libos/task/credentials.hh"

namespace cupel::libos {

// What a program finds in its auxiliary vector (getauxval(3)).
struct ProgramFacts {
  const LoadedFile* program;
  uint64_t interpreter_bias = 0;   // AT_BASE; 0: there is none
  Credentials credentials;
  std::string_view file_name;      // AT_EXECFN: as the caller of execve(2) named it
  std::array<std::byte, 16> random;
};

// Writes the initial stack below config.stack_top, which must be mapped: argc, argv, envp, the auxiliary vector, and above
// them what these point to. Returns the stack pointer.
Result<uint64_t> write_initial_stack(const GuestMemory& memory, const Config& config, const Arguments& arguments, const ProgramFacts& facts);

}  // namespace cupel::libos
