#pragma once
#include "fuzz/program/grammar.hh"

namespace cupel::fuzz {

// What minimisation makes less of; what comes first counts most.
struct Complexity {
  size_t steps = 0;
  size_t circumstances = 0;  // faults, tampers, a policy that refuses, a schedule other than in order
  size_t tasks = 0;          // steps made by other tasks than the first
  size_t bytes = 0;          // of the blob and of rooms
  size_t places = 0;         // pointers elsewhere than in their slots
  size_t references = 0;     // to results of earlier steps
  size_t numbers = 0;        // bits set in literals and in the blob
  auto operator<=>(const Complexity&) const = default;
};
Complexity complexity(const Grammar& grammar, const Program& program);

// Normal programs strictly simpler than `program`, most drastic first: halves and then fewer of its steps, no faults, one
// task, fewer bytes, smaller numbers. References to what is gone become -1.
std::vector<Program> simpler(const Grammar& grammar, const Program& program);

}  // namespace cupel::fuzz
