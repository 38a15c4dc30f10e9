#include "props/lift/explore.hh"

#include <fmt/format.h>

#include <exception>
#include <optional>

#include "props/lift/path.hh"

namespace cupel::lift {
namespace {

// Runs `claim` along every path, first found last run. Fills in what it has counted even when it throws.
void explore_all(const Claim& claim, const Options& options, Solver& solver, Outcome& outcome) {
  std::vector<Fork> waiting(1);
  for (size_t runs = 0; !waiting.empty(); ++runs) {
    if (runs == options.paths_max) throw Undecided{fmt::format("the budget of {} paths is spent", options.paths_max)};
    solver.time_left();
    Path path(solver, std::move(waiting.back()));
    waiting.pop_back();
    const Activation active(path);
    try {
      path.conclude(claim());
      ++outcome.paths;
    } catch (const Infeasible&) {
      // Its forks are still to be run: they left before the assumption that failed here.
    } catch (const Violated& violated) {
      outcome.verdict = Verdict::refuted;
      outcome.reason = violated.what;
      outcome.counterexample = path.values(violated.model);
      return;
    }
    for (Fork& fork : path.take_forks()) waiting.push_back(std::move(fork));
  }
  if (outcome.paths == 0) throw Undecided{"no input satisfies the assumptions: the claim says nothing"};
  outcome.verdict = Verdict::holds;
}

// A bug in the words, the paths or the solver would show here: a counterexample is believed when it is one.
void confirm(const Claim& claim, const Outcome& outcome) {
  if (holds_at(claim, outcome.counterexample)) throw Undecided{"the counterexample found does not refute the claim"};
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::holds: return "holds";
    case Verdict::refuted: return "refuted";
    case Verdict::unknown: return "unknown";
  }
  return "?";
}

Outcome explore(const Claim& claim, const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  Outcome outcome;
  Solver solver(options);
  const auto undecided = [&](std::string reason) {
    outcome.verdict = Verdict::unknown;
    outcome.reason = std::move(reason);
  };
  try {
    explore_all(claim, options, solver, outcome);
    if (outcome.verdict == Verdict::refuted) confirm(claim, outcome);
  } catch (const Undecided& why) {
    undecided(why.reason);
  } catch (const z3::exception& error) {
    undecided(fmt::format("Z3: {}", error.msg()));
  } catch (const std::exception& error) {
    undecided(fmt::format("the claim threw: {}", error.what()));
  }
  outcome.queries = solver.queries();
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

}  // namespace cupel::lift
