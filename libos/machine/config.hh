#pragma once
#include <cstdint>

#include "libos/base/page.hh"

namespace cupel::libos {

// A machine's bounds, as values: tests make them small, so that "full" is an errno somebody has tested.
struct Config {
  uint32_t descriptors_max = 1024;    // at once in a table; RLIMIT_NOFILE of the first task
  uint32_t tasks_max = 64;            // beyond: EAGAIN; RLIMIT_NPROC of the first task
  uint32_t mappings_max = 65530;      // a space's vmas; beyond: ENOMEM (vm.max_map_count)
  uint64_t address_low = 0x1000'0000;   // mappings without a fixed address are placed in [low, high), top down
  uint64_t address_high = 0x1100'0000;
  uint64_t break_base = 0x1200'0000;    // where brk(2)'s heap starts
  uint64_t break_size_max = 0x40'0000;  // bytes
  uint64_t stack_top = 0x1300'0000;       // where a program's stack ends; page-aligned
  uint64_t stack_size_max = 0x10'0000;    // bytes
  uint64_t argument_size_max = 0x4'0000;  // bytes of argv and envp with their pointers, a quarter of the stack; beyond: E2BIG
  uint64_t hardware_capabilities = 0;     // AT_HWCAP: CPUID.1:EDX
  bool signals = false;                   // whether signals are sent: where guest code runs, which handles them
  uint64_t vdso_address = 0;              // AT_SYSINFO_EHDR; 0: there is none
  uint64_t pipe_size = 65536;           // bytes a pipe holds
  uint64_t file_size_max = INT64_MAX;   // bytes; beyond: EFBIG. RLIMIT_FSIZE of the first task
  uint64_t locked_max = 128 << 10;       // RLIMIT_MEMLOCK of the first task
  uint64_t signals_max = 1024;          // RLIMIT_SIGPENDING of the first task
};

}  // namespace cupel::libos
