#pragma once
#include "libos/exec/elf.hh"
#include "libos/fs/inode.hh"
#include "libos/mm/address_space.hh"

namespace cupel::libos {

// Bytes of a file from `offset` on; how many there are, at most `out.size()`.
Result<size_t> read_file(RegularFile& file, uint64_t offset, std::span<std::byte> out);

// Where a file was mapped.
struct LoadedFile {
  ElfHeader header;
  ProgramHeaders program;
  uint64_t bias = 0;  // added to every address in it
  uint64_t entry() const { return header.entry + bias; }
};

// What the file says of itself. ENOEXEC.
Result<LoadedFile> inspect(RegularFile& file);
// Maps its segments into `space`: where it was linked to, or where there is room. ENOMEM: something is there; EPERM: below what may be mapped.
Result<> map_segments(AddressSpace& space, const Ref<RegularFile>& file, LoadedFile& loaded);

}  // namespace cupel::libos
