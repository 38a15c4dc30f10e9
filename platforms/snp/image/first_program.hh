#pragma once
#include "libos/exec/exec.hh"
#include "libos/machine/machine.hh"

namespace cupel::image {

// The program that the command line names, with its words as arguments: an absolute or relative path, or a name looked for in
// /bin, /usr/bin and /sbin. Where there is none the machine ends with 127; with 126 where it cannot be executed.
libos::NewProgram prepare_first(libos::Machine& machine, std::string_view command_line);

}  // namespace cupel::image
