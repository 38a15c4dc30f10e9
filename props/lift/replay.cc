#include "props/lift/replay.hh"

#include <algorithm>
#include <stdexcept>

namespace cupel::lift {

z3::expr Replay::input(std::string_view name, unsigned width) {
  const auto found = std::ranges::find(inputs_, name, &Value::name);
  return context_.bv_val(found == inputs_.end() ? uint64_t{0} : found->value, width);
}

bool Replay::decide(const z3::expr& condition) {
  const z3::expr simple = condition.simplify();
  if (simple.is_true()) return true;
  if (simple.is_false()) return false;
  throw std::logic_error("a replayed condition is not a constant: " + simple.to_string());
}

void Replay::assume(const z3::expr& condition) {
  if (!decide(condition)) throw Infeasible{};
}

void Replay::require(const z3::expr& condition, std::string_view otherwise) {
  if (!decide(condition)) throw Reached{std::string(otherwise)};
}

bool holds_at(const Claim& claim, const Valuation& inputs) {
  Replay replay(inputs);
  const Activation active(replay);
  try {
    return static_cast<bool>(claim());
  } catch (const Infeasible&) {
    return true;
  } catch (const Reached&) {
    return false;
  }
}

}  // namespace cupel::lift
