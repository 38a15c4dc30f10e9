#pragma once
#include <array>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/target.hh"
#include "platforms/mock/snp/act.hh"

// An input of the SNP targets: what the guest does, and what the hypervisor does to it. Each target has steps of its own;
// the hypervisor's acts are the same for all.
namespace cupel::fuzz::snp {

// One number of a step: its name, what it is below (0: any word), and values worth trying.
struct ArgDesc {
  std::string_view name;
  uint64_t bound = 0;
  std::span<const uint64_t> likely = {};
};
inline constexpr size_t args_max = 4;
struct StepDesc {
  std::string_view name;
  std::array<ArgDesc, args_max> args = {};  // those without a name are none
  std::span<const std::array<uint64_t, args_max>> examples = {};  // arguments that belong together
  unsigned weight = 1;                                            // how often it is chosen, beside the others
  size_t arg_count() const {
    size_t count = 0;
    while (count < args_max && !args[count].name.empty()) ++count;
    return count;
  }
};
// Lies that take more than one act, told at one moment.
enum class Tale : uint8_t {
  exchanged_page,  // a frame's assignment is kept, and moved to another page
  own_page,        // one of the guest's own pages stands in for another, or is written
  exception,       // an exception is to be raised
  device,          // a device says that it has done something
  unserved,        // nothing is done, and it looks as if it were: with an older answer in place
  starts,          // processors start, in any order and again
  words,           // a row of words, none of them what was there
  msr,             // an answer of the MSR with one word of it wrong, and a handler that comes before it is read
  registers,       // what is asked comes back in one word of several, the rest being honest
};
inline constexpr size_t tales = static_cast<size_t>(Tale::registers) + 1;

class Chooser;
struct Script;

// What the hostile side of a boundary is called to do, and when. Another boundary than SNP's brings names of its own, and makes its
// acts and its tales itself; an act's kind and moment are then numbers of its lists.
struct Vocabulary {
  std::span<const std::string_view> when_names, act_names;
  mock_snp::Act (*act)(Chooser&) = nullptr;
  void (*tale)(Script&, Chooser&) = nullptr;
};
extern const Vocabulary snp_vocabulary;

struct Grammar {
  std::span<const StepDesc> steps;
  std::span<const mock_snp::ActKind> likely_acts;  // which suit this target's exits
  std::span<const uint64_t> likely_words;          // operands worth trying
  std::span<const Tale> likely_tales;
  std::optional<uint8_t> opening = {};             // the step without which the others come to nothing
  const Vocabulary* vocabulary = &snp_vocabulary;
};

struct GuestStep {
  uint8_t kind = 0;
  std::array<uint64_t, args_max> args = {};
  friend bool operator==(const GuestStep&, const GuestStep&) = default;
};

inline constexpr size_t steps_max = 32, acts_max = 64;

struct Script {
  std::vector<GuestStep> steps;
  std::vector<mock_snp::Act> acts;
  friend bool operator==(const Script&, const Script&) = default;
};

// Brings numbers into their bounds.
void normalise(const Grammar& grammar, Script& script);
// The engines' form: a count of steps, the steps, then acts to the end. Any bytes are a script; encoding what was decoded
// and decoding that changes nothing.
Script decode(const Grammar& grammar, ByteView bytes);
Bytes encode(const Grammar& grammar, const Script& script);

// The form for people, a line each:
//   accept gfn=0x10 pages=3
//   @after_exit 2 current a=0xffff b=0
std::string print(const Grammar& grammar, const Script& script);
// The error is "LINE:COLUMN: what was expected".
std::expected<Script, std::string> parse(const Grammar& grammar, std::string_view text);

std::string print(const Grammar& grammar, const GuestStep& step);
std::string print(const mock_snp::Act& act, const Vocabulary& vocabulary = snp_vocabulary);

Script generate(const Grammar& grammar, uint64_t seed);
void mutate(const Grammar& grammar, Script& script, uint64_t seed);
// The one's guest under the other's hypervisor, or under both at once.
Script cross(const Grammar& grammar, const Script& first, const Script& second, uint64_t seed);
std::vector<Script> simpler(const Grammar& grammar, const Script& script);

}  // namespace cupel::fuzz::snp
