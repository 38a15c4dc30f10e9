#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::interface {
struct InterfaceDesc;
}

namespace cupel::fuzz {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;

// What an oracle says when it is violated. `call` names the step of the input ("3: write(r0, ...)").
struct Finding {
  std::string oracle;
  std::string call;
  std::string expected;
  std::string got;
};

struct Run {
  uint64_t trace_hash = 0;         // of everything observable: a pure function of the input bytes
  std::optional<Finding> finding;  // the first violation, if any
};

struct ParsedInput {
  Bytes bytes;
  std::vector<std::string> warnings;  // what the text says and the target does not know any more
};

// One fuzz target: what libFuzzer, AFL++, rapidcheck, `cupel replay`, `cupel regress` and the benchmarks drive.
// Every input is valid: any bytes decode to some run. Not thread-safe; make one per thread.
class Target {
 public:
  virtual ~Target() = default;

  virtual std::string_view name() const = 0;
  virtual std::span<const std::string_view> oracles() const = 0;
  // Switches one oracle off; false where the target has none of that name.
  virtual bool disable_oracle(std::string_view oracle) = 0;

  virtual Run run(ByteView input) = 0;

  // Structure-aware mutation and crossover. `seed` chooses which; the result has at most `size_max` bytes.
  virtual void mutate(Bytes& input, size_t size_max, uint32_t seed) = 0;
  virtual Bytes cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) = 0;
  // A fresh input made from nothing but the seed.
  virtual Bytes generate(uint32_t seed) = 0;
  // Smaller inputs worth trying, most drastic first: what the minimiser walks.
  virtual std::vector<Bytes> simpler(ByteView input) = 0;

  // The input as text for people, and back; errors and warnings begin with "LINE:COLUMN: ".
  virtual std::string print(ByteView input) = 0;
  virtual std::expected<ParsedInput, std::string> parse(std::string_view text) = 0;
  // The interface whose calls its inputs make; null where they are of another kind.
  virtual const interface::InterfaceDesc* interface() const { return nullptr; }
  // The run's annotated trace, strace's style, a line a step.
  virtual std::string trace(ByteView input) = 0;
};

struct TargetInfo {
  std::string_view name;
  std::string_view about;                  // one line
  std::unique_ptr<Target> (*make)();
  std::string (*unavailable)() = nullptr;  // why it cannot run on this machine; empty or no function: it can
};

// All targets linked into this program, by name. A target registers itself with a static TargetRegistration.
std::span<const TargetInfo* const> targets();
const TargetInfo* find_target(std::string_view name);

class TargetRegistration {
 public:
  explicit TargetRegistration(const TargetInfo& info);
};

}  // namespace cupel::fuzz
