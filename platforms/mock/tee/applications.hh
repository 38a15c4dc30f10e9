#pragma once
#include <cstdint>

#include "shims/optee/world.hh"

// Applications as scripts, for targets whose subject is what lies between them and the normal world. Each does one thing that an
// application may do, or should not.
namespace cupel::mock_tee {

// Their names' first words, and their flags.
inline constexpr uint32_t applications = 8;
uint32_t flags_of(uint32_t ta);

enum class Deed : uint32_t { echo, add, panic, hold, lazy, too_short, greedy, wait, read, time, fail };
inline constexpr uint32_t deeds = 11;

optee::TaExit run_application(optee::TaCall& call, uint64_t secret);

}  // namespace cupel::mock_tee
