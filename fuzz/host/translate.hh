#pragma once
#include <string_view>

#include "fuzz/host/batch.hh"
#include "fuzz/host/recording.hh"
#include "libos/machine/config.hh"

// From a call that libos made to the call the kernel is to make: the same registers and bytes, but that a mapping goes
// where libos put it, and that waiting for time to pass takes none.
namespace cupel::host {

struct Translation {
  CallRecord record{};
  std::string_view not_comparable{};  // why the kernel does not make it; empty where it does
  bool ends = false;                  // and so the comparison ends here: the call has changed something in libos
  bool is_last = false;               // the kernel makes it, and nothing after it
  uint64_t timeout = 0;  // address of the timespec that is to hold 0 instead; 0 where there is none
};

struct Limits {
  libos::Config config;
  int32_t first_task;
  uint32_t ids_max;  // user and group ids beyond do not exist in the sandbox
};

// What of a call is compared: "result and memory", "result", or "failures" where its success is something the sandbox's one
// task cannot have, "the status it ends with" where it does not come back; empty where nothing is.
std::string_view compared(const interface::CallDesc& desc);

Translation translate(const RecordedCall& call, const Limits& limits);

}  // namespace cupel::host
