#pragma once
#include "platforms/linux/linux_platform.hh"

// The host's signals. A system call that was not patched raises SIGSYS (Syscall User Dispatch), a page that is not mapped
// SIGSEGV, what the processor refuses its own; kick_signal asks a thread to look around.
namespace cupel::on_linux {

// This host process's platform object; set once, before the first fork.
LinuxPlatform& platform_here();
void set_platform_here(LinuxPlatform& platform);

// For the whole machine, before the first task runs.
void install_handlers();
// For each host thread: its signal stack, and the rule that its guest code makes no call of the host's.
void prepare_thread(Slot& slot);

}  // namespace cupel::on_linux
