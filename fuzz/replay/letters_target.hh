#pragma once
#include <algorithm>

#include "fuzz/target.hh"

// For tests: a target whose inputs are plain letters, made simpler by leaving one out. Only run() is left to say.
namespace cupel::fuzz {

class LettersTarget : public Target {
 public:
  std::span<const std::string_view> oracles() const override { return {}; }
  bool disable_oracle(std::string_view) override { return false; }
  void mutate(Bytes&, size_t, uint32_t) override {}
  Bytes cross(ByteView, ByteView, size_t, uint32_t) override { return {}; }
  Bytes generate(uint32_t) override { return {}; }
  std::vector<Bytes> simpler(ByteView input) override {
    std::vector<Bytes> all;
    for (size_t index = 0; index < input.size(); ++index) {
      all.emplace_back(input.begin(), input.end());
      all.back().erase(all.back().begin() + static_cast<ptrdiff_t>(index));
    }
    return all;
  }
  std::string print(ByteView) override { return {}; }
  std::expected<ParsedInput, std::string> parse(std::string_view) override { return ParsedInput{}; }
  std::string trace(ByteView) override { return {}; }
};

}  // namespace cupel::fuzz
