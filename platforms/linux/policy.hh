#pragma once
#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <vector>

// What a machine's processes may ask of the host once guest code runs: one list, from which both the filter and
// `cupel run --explain` are made.
namespace cupel::on_linux {

struct HostCall {
  enum class Rule : uint8_t { any, map_guest_pages, below_guest_end, futex_operation, new_task, user_dispatch, standard_stream, one_descriptor, kick, kick_thread };
  uint32_t number;
  const char* name;
  const char* arguments;  // which ones are let through, for people
  Rule rule = Rule::any;
};

std::span<const HostCall> host_calls();

// seccomp(2)'s program for it: anything else, and anything from an address that is the guest's, kills the process.
std::vector<sock_filter> filter_program(int arena_descriptor);
// From here on, for this process and all it makes. False with errno where the host refuses.
bool install_filter(int arena_descriptor);

}  // namespace cupel::on_linux
