// The structure-aware mutator of every target for afl-fuzz, as its custom mutator library:
//   CUPEL_TARGET=linux_program AFL_CUSTOM_MUTATOR_LIBRARY=build/release/targets/libcupel_afl_mutator.so afl-fuzz ...
// It lives in afl-fuzz itself, so it is built without instrumentation (preset release).
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/target.hh"

namespace {

struct AflMutator {
  std::unique_ptr<cupel::fuzz::Target> target;
  uint32_t seed;
  cupel::fuzz::Bytes bytes;  // afl-fuzz reads the last result until it asks again
};

}  // namespace

extern "C" void* afl_custom_init(void*, unsigned seed) {
  const char* name = std::getenv("CUPEL_TARGET");
  const auto* info = cupel::fuzz::find_target(name == nullptr ? "" : name);
  if (info == nullptr) {
    std::fprintf(stderr, "cupel: CUPEL_TARGET=%s names no target\n", name == nullptr ? "" : name);
    return nullptr;  // afl-fuzz ends itself
  }
  return new AflMutator{info->make(), seed, {}};
}

// Crossover for one case in four, where afl-fuzz has another input to offer.
extern "C" size_t afl_custom_fuzz(void* state, uint8_t* data, size_t size, uint8_t** out, uint8_t* other, size_t other_size, size_t size_max) {
  auto& mutator = *static_cast<AflMutator*>(state);
  const uint32_t seed = mutator.seed++;
  if (other != nullptr && other_size > 0 && seed % 4 == 0) {
    mutator.bytes = mutator.target->cross({data, size}, {other, other_size}, size_max, seed);
  } else {
    mutator.bytes.assign(data, data + size);
    mutator.target->mutate(mutator.bytes, size_max, seed);
  }
  *out = mutator.bytes.data();
  return mutator.bytes.size();
}

extern "C" void afl_custom_deinit(void* state) { delete static_cast<AflMutator*>(state); }
