#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "props/lift/explore.hh"
#include "props/lift/run.hh"
#include "props/lift/solver.hh"

namespace cupel::lift {

// The way to a path not yet run: the decisions that lead there, and inputs that take them.
struct Fork {
  std::vector<bool> decisions;
  std::optional<z3::model> model;
};

// Some input reaches what must not be reached: the model says which.
struct Violated {
  std::string what;
  z3::model model;
};

// One run of a claim along one path. While it runs it carries inputs (a model) which take this very path, so that one
// side of each condition is known to be feasible without asking, and a fork costs one query.
class Path : public Run {
 public:
  Path(Solver& solver, Fork way);

  z3::context& context() override { return solver_.context(); }
  z3::expr input(std::string_view name, unsigned width) override;
  bool decide(const z3::expr& condition) override;
  void assume(const z3::expr& condition) override;
  void require(const z3::expr& condition, std::string_view otherwise) override;

  // At the end of a run: throws Violated where the claim is false for some input that takes this path.
  void conclude(const Bool& claim);
  std::vector<Fork> take_forks() { return std::move(forks_); }
  Valuation values(const z3::model& model) const;

 private:
  bool replaying() const { return decisions_.size() < way_.size(); }
  const z3::model& model();
  bool true_in_model(const z3::expr& condition);
  std::optional<z3::model> solve_with(const z3::expr& condition);

  Solver& solver_;
  std::vector<bool> way_;
  std::optional<z3::model> model_;  // satisfies conditions_, where there is one
  std::vector<bool> decisions_;
  z3::expr_vector conditions_;
  std::vector<Fork> forks_;
  std::vector<std::string> names_;
  z3::expr_vector inputs_;
};

}  // namespace cupel::lift
