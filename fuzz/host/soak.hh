#pragma once
#include <chrono>
#include <functional>

#include "fuzz/host/three_way.hh"

// Generated programs three ways, in numbers.
namespace cupel::host {

struct SoakOptions {
  uint64_t programs = 1000;
  uint64_t seed = 1;  // program n is made from seed + n
  // Every so many programs, the model is shown the kernel's outcomes alone.
  uint64_t judge_kernel_every = 16;
};

struct SoakFinding {
  uint64_t seed;
  fuzz::Finding finding;
  std::string program;  // as text
};

// The same programs each time, whatever machine it is. The error is for people: this machine cannot.
std::expected<Tally, std::string> soak(const SoakOptions& options, const std::function<void(const SoakFinding&)>& on_finding);

// Programs a second that go three ways on one core, of those that soak() makes.
std::expected<double, std::string> three_way_rate(std::chrono::milliseconds duration);

// {"programs", "calls", "compared", "not_comparable": {reason: count}, "known": [{"calls", "reason", "count"}], ...}
std::string to_json(const Tally& tally);

}  // namespace cupel::host
