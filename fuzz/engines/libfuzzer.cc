// The entry points of libFuzzer and of AFL++'s driver, over the one target named at build time by CUPEL_TARGET.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fuzz/target.hh"

namespace {

// Oracles, with commas between them.
void switch_off(cupel::fuzz::Target& target, std::string_view names) {
  while (!names.empty()) {
    const std::string name(names.substr(0, names.find(',')));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    if (target.disable_oracle(name)) continue;
    std::fprintf(stderr, "cupel: target %s has no oracle %s\n", CUPEL_TARGET, name.c_str());
    std::exit(2);
  }
}

cupel::fuzz::Target& target() {
  static std::unique_ptr<cupel::fuzz::Target> the_target = [] {
    const auto* info = cupel::fuzz::find_target(CUPEL_TARGET);
    if (info == nullptr) {
      std::fprintf(stderr, "cupel: no target %s is linked into this program\n", CUPEL_TARGET);
      std::exit(2);
    }
    auto made = info->make();
    if (const char* without = std::getenv("CUPEL_WITHOUT"); without != nullptr) switch_off(*made, without);
    return made;
  }();
  return *the_target;
}

size_t give(const cupel::fuzz::Bytes& bytes, uint8_t* out, size_t size_max) {
  const size_t size = bytes.size() < size_max ? bytes.size() : size_max;
  if (size > 0) std::memcpy(out, bytes.data(), size);
  return size;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto run = target().run({data, size});
  // What ci/engines_test.py holds the engines against each other by.
  static const bool told_to_print = std::getenv("CUPEL_PRINT_RUNS") != nullptr;
  if (told_to_print) std::fprintf(stderr, "CUPEL-RUN trace=%016" PRIx64 " verdict=%s\n", run.trace_hash, run.finding ? run.finding->oracle.c_str() : "ok");
  if (run.finding) {
    std::fprintf(stderr, "CUPEL-FINDING oracle=%s\n  call: %s\n  expected: %s\n  got: %s\n", run.finding->oracle.c_str(),
                 run.finding->call.c_str(), run.finding->expected.c_str(), run.finding->got.c_str());
    std::abort();
  }
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned seed) {
  cupel::fuzz::Bytes bytes(data, data + size);
  target().mutate(bytes, size_max, seed);
  return give(bytes, data, size_max);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* first, size_t first_size, const uint8_t* second,
                                            size_t second_size, uint8_t* out, size_t size_max, unsigned seed) {
  return give(target().cross({first, first_size}, {second, second_size}, size_max, seed), out, size_max);
}
