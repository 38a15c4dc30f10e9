#pragma once
#include "fuzz/program/mutate.hh"
#include "fuzz/target.hh"

namespace cupel::fuzz {

// A target whose inputs are programs of an interface: all but what it means to run one.
class ProgramTarget : public Target {
 public:
  // `interface` must outlive it.
  explicit ProgramTarget(const interface::InterfaceDesc& interface) : grammar_(interface), mutator_(grammar_) {}

  void mutate(Bytes& input, size_t size_max, uint32_t seed) override;
  Bytes cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) override;
  Bytes generate(uint32_t seed) override;
  std::vector<Bytes> simpler(ByteView input) override;
  std::string print(ByteView input) override;
  std::expected<ParsedInput, std::string> parse(std::string_view text) override;
  const interface::InterfaceDesc* interface() const override { return &grammar_.interface(); }

 protected:
  const Grammar& grammar() const { return grammar_; }
  // Holds until the next one, and until any of the above.
  const Program& decoded(ByteView input);

 private:
  void encode_within(size_t size_max, Program& program, Bytes& out);

  Grammar grammar_;
  Mutator mutator_;
  Program program_, other_;
};

}  // namespace cupel::fuzz
