#pragma once
#include <cstdint>

#include "libos/base/page.hh"

namespace cupel::props {

// Rounded up to pages; zero where that wraps.
inline uint64_t pages_of(uint64_t size) { return (size + page_size - 1) & ~(page_size - 1); }
inline bool is_aligned(uint64_t address) { return address % page_size == 0; }
// [address, address + size) is below the end of what a program may use.
inline bool fits(uint64_t address, uint64_t size) { return size <= user_limit && address <= user_limit - size; }

}  // namespace cupel::props
