#include "cli/run/explain.hh"

#include <cpuid.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "platforms/linux/policy.hh"

namespace cupel::run {
namespace {

// Protection keys, and a kernel that has switched them on: CPUID leaf 7, ECX bits 3 and 4.
bool has_protection_keys() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (c & 1u << 4) != 0;
}

}  // namespace

const char* isolation_here() {
  return has_protection_keys() ? "none between guest and libos: this processor has protection keys, and Cupel does not use them yet; the host is behind the seccomp filter"
                               : "none between guest and libos: this processor has no protection keys; the host is behind the seccomp filter";
}

int explain(const Options& options) {
  constexpr const char* network = "none";
  nlohmann::json calls = nlohmann::json::array();
  for (const auto& call : on_linux::host_calls()) calls.push_back({{"name", call.name}, {"arguments", call.arguments}});
  if (options.json) {
    const nlohmann::json all{{"host_syscalls", calls}, {"isolation", isolation_here()}, {"network", network},
                             {"mounts", nlohmann::json::array({{{"guest", "/"}, {"host", options.root}, {"mode", "read-only below; what is written stays in the machine's memory"}}})}};
    fmt::print("{}\n", all.dump());
    return 0;
  }
  fmt::print("host calls after the start ({}); any other, and any from the program's own addresses, kills it:\n", calls.size());
  for (const auto& call : on_linux::host_calls()) fmt::print("  {:16} {}\n", call.name, call.arguments);
  fmt::print("isolation: {}\nnetwork: {}\nmounts: / from {}, read-only; what is written stays in the machine's memory\n", isolation_here(), network, options.root);
  return 0;
}

}  // namespace cupel::run
