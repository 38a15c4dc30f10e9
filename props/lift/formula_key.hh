#pragma once
#include <z3++.h>

#include <string>

namespace cupel::lift {

// A name for the conjunction of `conditions`: 32 hexadecimal digits, the same in every run and every process. (The
// SMT-LIB text is not: it names shared terms by the order in which Z3 came to make them.)
std::string formula_key(const z3::expr_vector& conditions);

}  // namespace cupel::lift
