#pragma once
#include "platforms/snp/core.hh"

namespace cupel::snp {

inline constexpr unsigned entropy_tries = 16;

// A random word from the processor. Where it has none the machine ends: what a hypervisor could put in its place it would know.
template <SnpHardware Hardware>
uint64_t random_word(Core<Hardware>& core) {
  for (unsigned tries = 0; tries < entropy_tries; ++tries) {
    if (const auto word = core.hardware.entropy()) return *word;
  }
  core.terminate(Reason::no_entropy);
}

}  // namespace cupel::snp
