#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/base/result.hh"
#include "libos/platform/platform.hh"

// ELF64 files of x86-64 as execve(2) reads them (elf(5)). Every byte is somebody else's: what these functions return is
// bounded, and means what it says; what they refuse is ENOEXEC.
namespace cupel::libos {

inline constexpr size_t elf_header_size = 64;
inline constexpr size_t program_header_size = 56;
inline constexpr size_t program_headers_max = 64;  // Linux takes 1,170; no linker makes that many
inline constexpr size_t segments_max = 32;

struct ElfHeader {
  bool position_independent;  // ET_DYN: a loader, or a static PIE
  uint64_t entry;
  uint64_t table_offset;      // of the program headers in the file
  uint16_t table_count;       // 1 to program_headers_max
};

// A PT_LOAD. Its pages overlap no other's, its bytes lie in the file, and its end is below user_limit.
struct Segment {
  uint64_t address, memory_size;
  uint64_t file_offset, file_size;
  platform::Access access;
};

struct ProgramHeaders {
  std::array<Segment, segments_max> segment_array{};
  size_t segment_count = 0;            // at least 1, by ascending address
  uint64_t interpreter_offset = 0;     // of PT_INTERP's text in the file
  uint64_t interpreter_size = 0;       // with its NUL; 0: there is none
  bool executable_stack = false;
  uint64_t table_address = 0;          // where the headers are once mapped; 0: no segment holds them
  uint64_t alignment = 0;              // the largest of the segments', at least a page

  std::span<const Segment> segments() const { return {segment_array.data(), segment_count}; }
  uint64_t low() const { return segment_array[0].address; }
  uint64_t end() const { return segment_array[segment_count - 1].address + segment_array[segment_count - 1].memory_size; }
};

bool looks_like_elf(std::span<const std::byte> start);
Result<ElfHeader> parse_elf_header(std::span<const std::byte> start);
// `table`: the file's bytes at header.table_offset, table_count headers of them.
Result<ProgramHeaders> parse_program_headers(const ElfHeader& header, std::span<const std::byte> table, uint64_t file_size);

}  // namespace cupel::libos
