#pragma once
#include <string>
#include <string_view>

#include "props/lift/explore.hh"
#include "props/lift/run.hh"

namespace cupel::lift {

// Thrown where a replay reaches what must not be reached.
struct Reached {
  std::string what;
};

// A run at given inputs: every word is a constant, and no solver is asked.
class Replay : public Run {
 public:
  explicit Replay(const Valuation& inputs) : inputs_(inputs) {}

  z3::context& context() override { return context_; }
  z3::expr input(std::string_view name, unsigned width) override;
  bool decide(const z3::expr& condition) override;
  void assume(const z3::expr& condition) override;
  void require(const z3::expr& condition, std::string_view otherwise) override;

 private:
  const Valuation& inputs_;
  z3::context context_;
};

}  // namespace cupel::lift
