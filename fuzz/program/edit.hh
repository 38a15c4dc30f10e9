#pragma once
#include "fuzz/program/grammar.hh"

// Changes of a program's list of steps. References, in arguments and in the blob, faults and tampers name steps by their
// index; they move along. The program is to be normalised afterwards.
namespace cupel::fuzz {

// Where each step goes: by its old index its new one, or `gone`.
class StepMap {
 public:
  static constexpr uint16_t gone = UINT16_MAX;

  // The steps from `first` on move by `by`.
  static StepMap shifted(size_t count, size_t first, int by);

  uint16_t& operator[](size_t step) { return to_[step]; }
  uint16_t operator()(uint16_t step) const { return step < steps_max ? to_[step] : gone; }

 private:
  std::array<uint16_t, steps_max> to_;
};

// Rewrites what the steps from `first` on refer to. A reference to a step that is gone becomes -1, or with `rewire` what
// an earlier step gives of the same resource.
enum class Dangling : uint8_t { minus_one, rewire };
void remap_references(const Grammar& grammar, Program& program, size_t first, const StepMap& map, Dangling dangling);
// The same for the list of faults and that of tampers; those of steps that are gone go too.
void remap_circumstances(Program& program, const StepMap& map);

// Makes room for `count` steps at `at`; they are Step{}.
void insert_steps(const Grammar& grammar, Program& program, size_t at, size_t count);
void erase_steps(const Grammar& grammar, Program& program, size_t first, size_t count, Dangling dangling);

}  // namespace cupel::fuzz
