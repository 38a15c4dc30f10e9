#pragma once
#include <cstdint>
#include <vector>

#include "props/model/inode.hh"

namespace cupel::props {

enum class SpaceId : uint32_t { none = UINT32_MAX };

enum Protection : uint8_t { prot_read = 1, prot_write = 2, prot_exec = 4 };

// A run of pages with one meaning.
struct Region {
  uint64_t begin;
  uint64_t end;
  uint8_t protection;
  bool shared = false;
  bool may_write = true;               // mprotect(2) may make it writable
  bool locked = false;                 // mlock(2)
  InodeId file = InodeId::none;
  uint64_t file_offset = 0;            // of `begin`, in the file or in what is shared
  uint32_t object = 0;                 // tells shared anonymous mappings apart
};

struct AddressSpace {
  std::vector<Region> regions;  // by address, never overlapping
  bool locks_future = false;    // mlockall(MCL_FUTURE)
  Learned break_base;
  uint64_t break_end = 0;
  FileBytes pages;              // private ones that were stored into, by address
  uint32_t references = 0;
  uint32_t barriers = 0;        // membarrier(2): the registrations, by their commands

  void clear();
  // The first region which ends above `address`, or end().
  std::vector<Region>::const_iterator after(uint64_t address) const;
  const Region* at(uint64_t address) const;
  bool is_free(uint64_t begin, uint64_t end) const;
  bool is_mapped(uint64_t begin, uint64_t end) const;
  // Bytes of [begin, end) which are locked.
  uint64_t locked_in(uint64_t begin, uint64_t end) const;
  // Makes `address` a border between two regions where it is inside one.
  void split(uint64_t address);
  void remove(uint64_t begin, uint64_t end);
  void add(const Region& region);
};

}  // namespace cupel::props
