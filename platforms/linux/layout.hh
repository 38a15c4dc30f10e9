#pragma once
#include <cstdint>

#include "libos/base/page.hh"

// Where things lie in each process of a machine on Linux. All its processes are forked from one, so that what is shared,
// and the code that works on it, have the same addresses in each.
namespace cupel::on_linux {

// Guest code owns the addresses below this one; the kernel places programs and libraries of its own far above.
inline constexpr uint64_t guest_end = 0x4000'0000'0000;
// The shared region: this platform's state, then the machine's arena.
inline constexpr uint64_t shared_base = 0x4100'0000'0000;

// The host's signal that makes a thread look around: SIGURG, which does nothing where it comes unawaited.
inline constexpr int kick_signal = 23;

inline constexpr uint32_t tasks_max = 1024;
inline constexpr uint32_t spaces_max = 1024;
// A task's place: its registers, then the stack its calls run on, then that of the host's signals.
inline constexpr uint64_t slot_stride = 256 * 1024;
inline constexpr uint64_t signal_stack_size = 96 * 1024;
// Pages for the page tables of all spaces.
inline constexpr uint64_t table_pages_max = 64 * 1024;

}  // namespace cupel::on_linux
