#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libos/interface/args.hh"

// Where libos differs from Linux and is meant to: the lines of known_differences.txt.
namespace cupel::host {

// A difference as the lines see it.
struct Seen {
  std::string_view call;
  interface::Registers registers;
  int64_t libos;        // values of rax
  std::optional<int64_t> kernel;  // nothing where the call did not return
  bool in_bytes;        // the values are equal
  bool model_allows_both;
};

class KnownDifferences {
 public:
  struct Line {
    std::string calls, condition, reason;
  };

  // `CALL,... : CONDITION... : REASON`, a line each; conditions are those of the file's head. The error names the line.
  static std::expected<KnownDifferences, std::string> parse(std::string_view text);
  // Those of this project.
  static const KnownDifferences& project();

  std::optional<size_t> find(const Seen& seen) const;
  const std::vector<Line>& lines() const { return lines_; }

 private:
  struct Term {
    enum class What : uint8_t { libos, kernel, register_bits, register_value, bytes, allowed } what;
    uint8_t index;
    uint64_t value;
  };
  static std::optional<Term> parse_term(std::string_view word);
  static bool holds(const Term& term, const Seen& seen);

  std::vector<Line> lines_;
  std::vector<std::vector<Term>> terms_;
};

}  // namespace cupel::host
