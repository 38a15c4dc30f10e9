#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/target.hh"
#include "platforms/mock/snp/hypervisor.hh"

// An input of the SNP targets: what the guest does, and what the hypervisor does to it.
namespace cupel::fuzz::snp {

enum class Operation : uint8_t { negotiate, accept_early, accept, share, touch };
inline constexpr size_t operation_kinds = 5;

struct GuestStep {
  Operation operation = Operation::accept;
  uint16_t gfn = 0;    // below mock_snp::guest_frames
  uint16_t pages = 1;  // at least 1
  friend bool operator==(const GuestStep&, const GuestStep&) = default;
};

inline constexpr size_t steps_max = 32, acts_max = 64;
inline constexpr uint16_t pages_max = 600;

struct Script {
  std::vector<GuestStep> steps;
  std::vector<mock_snp::Act> acts;
  friend bool operator==(const Script&, const Script&) = default;
};

// Brings numbers into their bounds; a step's frames all exist.
void normalise(Script& script);
// The engines' form: a count of steps, the steps, then acts to the end. Any bytes are a script; encoding what was decoded
// and decoding that changes nothing.
Script decode(ByteView bytes);
Bytes encode(const Script& script);

// The form for people, a line each:
//   accept gfn=0x10 pages=3
//   @after_exit 2 current a=0xffff b=0
std::string print(const Script& script);
// The error is "LINE:COLUMN: what was expected".
std::expected<Script, std::string> parse(std::string_view text);

std::string_view operation_name(Operation operation);
std::string print(const GuestStep& step);
std::string print(const mock_snp::Act& act);

Script generate(uint64_t seed);
void mutate(Script& script, uint64_t seed);
std::vector<Script> simpler(const Script& script);

}  // namespace cupel::fuzz::snp
