#pragma once
#include "libos/exec/arguments.hh"
#include "libos/fs/inode.hh"
#include "libos/mm/address_space.hh"
#include "libos/task/task.hh"

namespace cupel::libos {

// A program's memory, ready to run.
struct NewProgram {
  Ref<AddressSpace> space;
  Credentials credentials;
  uint64_t entry = 0, stack = 0;
};

// execve(2) until nothing can fail any more: the caller is as it was. `name` is what the caller called the file; scripts
// add their interpreters to `arguments`. EACCES, ETXTBSY, ENOEXEC, ELIBBAD, ELOOP, E2BIG, ENOMEM, and what walking to an interpreter says.
Result<NewProgram> prepare_program(Task& task, Ref<Inode> file, std::string_view name, Arguments& arguments);

// The rest of it: the task becomes that program. It must be its process's only task.
void become(Task& task, NewProgram&& program);

}  // namespace cupel::libos
