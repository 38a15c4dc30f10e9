#include "props/lift/formula_key.hh"

#include <gtest/gtest.h>

#include <set>

namespace cupel::lift {
namespace {

std::string key_of(const z3::expr& condition) {
  z3::expr_vector conditions(condition.ctx());
  conditions.push_back(condition);
  return formula_key(conditions);
}

z3::expr sum_is_below(z3::context& context) {
  const z3::expr x = context.bv_const("x", 64), y = context.bv_const("y", 64);
  return z3::ult(x + y, context.bv_val(7, 64));
}

TEST(FormulaKey, IsTheSameWhateverWasMadeBefore) {
  z3::context first, second;
  const z3::expr unrelated = second.bv_const("y", 64) * second.bv_val(7, 64);
  EXPECT_EQ(key_of(sum_is_below(first)), key_of(sum_is_below(second)));
}

TEST(FormulaKey, DiffersWithTheOperationTheConstantTheNameTheWidthAndTheOrder) {
  z3::context context;
  const z3::expr x = context.bv_const("x", 64), y = context.bv_const("y", 64), narrow = context.bv_const("x", 63);
  const auto number = [&](int value) { return context.bv_val(value, 64); };
  std::set<std::string> keys;
  for (const z3::expr& condition :
       {z3::ult(x, y), z3::ult(y, x), z3::ule(x, y), z3::ult(x, number(7)), z3::ult(x, number(8)), z3::ult(x, x),
        z3::ult(narrow, context.bv_val(7, 63)), x.extract(7, 0) == context.bv_val(0, 8),
        x.extract(8, 1) == context.bv_val(0, 8), !z3::ult(x, y)}) {
    keys.insert(key_of(condition));
  }
  EXPECT_EQ(keys.size(), 10u);
}

TEST(FormulaKey, OfTwoConditionsIsNotThatOfOneOfThem) {
  z3::context context;
  z3::expr_vector both(context);
  both.push_back(sum_is_below(context));
  both.push_back(context.bool_const("p"));
  EXPECT_NE(formula_key(both), key_of(sum_is_below(context)));
  EXPECT_NE(formula_key(both), key_of(context.bool_const("p")));
}

}  // namespace
}  // namespace cupel::lift
