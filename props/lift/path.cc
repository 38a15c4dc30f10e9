#include "props/lift/path.hh"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace cupel::lift {

Path::Path(Solver& solver, Fork way)
    : solver_(solver),
      way_(std::move(way.decisions)),
      model_(std::move(way.model)),
      conditions_(solver.context()),
      inputs_(solver.context()) {}

z3::expr Path::input(std::string_view name, unsigned width) {
  // The same word under the same name twice would be one input where the claim seems to have two.
  if (std::ranges::find(names_, name) != names_.end())
    throw std::logic_error(fmt::format("two inputs are named {}", name));
  names_.emplace_back(name);
  inputs_.push_back(context().bv_const(names_.back().c_str(), width));
  return inputs_.back();
}

bool Path::decide(const z3::expr& condition) {
  const z3::expr simple = condition.simplify();
  if (simple.is_true()) return true;
  if (simple.is_false()) return false;
  bool taken = false;
  if (replaying()) {
    taken = way_[decisions_.size()];
  } else {
    taken = true_in_model(condition);
    if (auto other = solve_with(taken ? !condition : condition)) {
      std::vector<bool> way = decisions_;
      way.push_back(!taken);
      forks_.push_back({std::move(way), std::move(other)});
    }
  }
  decisions_.push_back(taken);
  conditions_.push_back(taken ? condition : !condition);
  return taken;
}

void Path::assume(const z3::expr& condition) {
  const z3::expr simple = condition.simplify();
  if (simple.is_true()) return;
  if (simple.is_false()) throw Infeasible{};
  // The model found for a fork satisfies all that came before it. A later assumption may need another model; finding it
  // waits until one is needed, so that a row of assumptions costs one query.
  if (!replaying() && model_ && !true_in_model(condition)) model_.reset();
  conditions_.push_back(condition);
}

void Path::require(const z3::expr& condition, std::string_view otherwise) {
  const z3::expr simple = condition.simplify();
  if (simple.is_true()) return;
  // Whoever forked to here has asked the same on the way.
  if (replaying()) return;
  if (!true_in_model(condition)) throw Violated{std::string(otherwise), model()};
  if (auto witness = solve_with(!condition)) throw Violated{std::string(otherwise), *witness};
}

void Path::conclude(const Bool& claim) {
  model();  // a path on which the assumptions contradict each other proves nothing
  const z3::expr simple = claim.expr().simplify();
  if (simple.is_true()) return;
  if (!true_in_model(claim.expr())) throw Violated{"the claim is false", model()};
  if (auto witness = solve_with(!claim.expr())) throw Violated{"the claim is false", *witness};
}

const z3::model& Path::model() {
  if (!model_) model_ = solver_.solve(conditions_);
  if (!model_) throw Infeasible{};
  return *model_;
}

bool Path::true_in_model(const z3::expr& condition) { return model().eval(condition, true).is_true(); }

std::optional<z3::model> Path::solve_with(const z3::expr& condition) {
  z3::expr_vector all(context());
  for (const z3::expr known : conditions_) all.push_back(known);
  all.push_back(condition);
  return solver_.solve(all);
}

Valuation Path::values(const z3::model& model) const {
  Valuation values;
  for (size_t index = 0; index < names_.size(); ++index) {
    const z3::expr value = model.eval(inputs_[static_cast<int>(index)], true);
    values.push_back({names_[index], value.get_numeral_uint64()});
  }
  return values;
}

}  // namespace cupel::lift
