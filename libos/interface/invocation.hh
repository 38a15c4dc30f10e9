#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "libos/interface/args.hh"

// One call as an observer sees it: what went in, and what came out. The executors produce these (on libos, on a real
// kernel); the model and the differential judge them.
namespace cupel::interface {

struct Invocation {
  const CallDesc* desc;
  int32_t tid;
  Registers registers;
  const GuestMemory* memory;  // as it was when the call was made; looking at it changes nothing
};

// A stretch of guest memory the call was given (argument slots with their guard bytes), before and after.
struct Slot {
  uint64_t address;
  std::span<const std::byte> before;
  std::span<const std::byte> after;
};

struct Outcome {
  enum class Kind : uint8_t {
    returned,
    blocked,  // has not come back yet; a later Outcome of the same call will say `returned`
    ended,    // the call does not return (exit, exit_group), or its task was killed in it
  };
  Kind kind = Kind::returned;
  int64_t value = 0;  // rax: the result, or -errno; of exit(2) and exit_group(2) the status that wait4(2) will give
  std::span<const Slot> slots{};
};

}  // namespace cupel::interface
