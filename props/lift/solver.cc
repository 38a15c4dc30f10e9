#include "props/lift/solver.hh"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "props/lift/cvc5.hh"
#include "props/lift/formula_key.hh"
#include "props/lift/unsat_cache.hh"

namespace cupel::lift {
namespace {

z3::tactic bit_vectors_by_sat(z3::context& context) {
  const auto named = [&](const char* name) { return z3::tactic(context, name); };
  return named("simplify") & named("propagate-values") & named("solve-eqs") & named("bit-blast") & named("sat");
}

}  // namespace

Solver::Solver(const Options& options)
    : tactic_(bit_vectors_by_sat(context_)),
      options_(options),
      deadline_(std::chrono::steady_clock::now() + options.time_max) {
  if (!options.smt2_folder.empty()) std::filesystem::create_directories(options.smt2_folder);
}

std::chrono::milliseconds Solver::time_left() const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
  if (left.count() <= 0) throw Undecided{fmt::format("the time budget of {} ms is spent", options_.time_max.count())};
  return left;
}

std::optional<z3::model> Solver::solve(const z3::expr_vector& conditions) {
  const auto left = std::min<int64_t>(time_left().count(), std::numeric_limits<int32_t>::max());
  z3::params params(context_);
  params.set("timeout", static_cast<unsigned>(left));
  params.set("random_seed", options_.seed);
  z3::solver solver = tactic_.mk_solver();
  solver.set(params);
  solver.add(conditions);
  ++queries_;

  const std::string key = options_.cache != nullptr ? formula_key(conditions) : "";
  const bool known = options_.cache != nullptr && options_.cache->contains(key);
  switch (known ? z3::unsat : solver.check()) {
    case z3::sat: return solver.get_model();
    case z3::unknown: time_left(); throw Undecided{fmt::format("Z3 cannot tell: {}", solver.reason_unknown())};
    case z3::unsat: break;
  }
  testify(solver);
  if (options_.cache != nullptr) options_.cache->add(key);
  return std::nullopt;
}

void Solver::testify(z3::solver& solver) {
  const size_t index = unsat_count_++;
  if (options_.smt2_folder.empty() && !options_.second_solver) return;
  const std::string smt2 = "(set-logic QF_BV)\n" + solver.to_smt2("unsat");
  if (!options_.smt2_folder.empty()) {
    const auto file = options_.smt2_folder / fmt::format("{:04}.smt2", index);
    if (!(std::ofstream(file) << smt2).flush()) throw Undecided{fmt::format("{}: cannot be written", file.string())};
  }
  if (!options_.second_solver) return;
  const std::string answer = ask_cvc5(smt2, time_left());
  if (answer != "unsat") throw Undecided{fmt::format("Z3 says unsat, cvc5 says: {}", answer)};
}

}  // namespace cupel::lift
