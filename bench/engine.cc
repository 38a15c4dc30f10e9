// The engine alone: libFuzzer over a target that does nothing. `-verbosity=0 --seconds=S` prints executions a second.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using Clock = std::chrono::steady_clock;
std::chrono::duration<double> wanted{1};  // engines make their target a function: what it keeps is global
Clock::time_point start;
uint64_t executions = 0;

}  // namespace

// libFuzzer leaves flags with two dashes to the target.
extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  constexpr char flag[] = "--seconds=";
  for (int index = 1; index < *count; ++index) {
    const char* argument = (*arguments)[index];
    if (std::strncmp(argument, flag, sizeof flag - 1) == 0) wanted = std::chrono::duration<double>(std::strtod(argument + sizeof flag - 1, nullptr));
  }
  start = Clock::now();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t*, size_t) {
  constexpr uint64_t between_looks = 256;
  if (++executions % between_looks != 0) return 0;
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  if (elapsed < wanted) return 0;
  std::printf("%.1f\n", static_cast<double>(executions) / elapsed.count());
  std::fflush(stdout);
  std::_Exit(0);
}
