#pragma once
#include <cstdint>

#include "libos/base/page.hh"
#include "libos/base/result.hh"
#include "props/model/address_space.hh"

namespace cupel::props {

// Rounded up to pages; zero where that wraps.
inline uint64_t pages_of(uint64_t size) { return (size + page_size - 1) & ~(page_size - 1); }
inline bool is_aligned(uint64_t address) { return address % page_size == 0; }
// [address, address + size) is below the end of what a program may use.
inline bool fits(uint64_t address, uint64_t size) { return size <= user_limit && address <= user_limit - size; }

class Call;
struct World;
// EAGAIN where so many bytes more, locked as all of the future are, are more than the process may lock.
Result<> room_for_locked(const Call& call, uint64_t size);
// What is locked in [begin, end) of a space has come: of files, pages of one's own are copies from now on, or where there was no memory
// for them, when they are stored into.
void come_to_stay(World& world, SpaceId space, uint64_t begin, uint64_t end);

}  // namespace cupel::props
