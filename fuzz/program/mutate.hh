#pragma once
#include "fuzz/program/edit.hh"
#include "fuzz/program/generate.hh"

namespace cupel::fuzz {

// Makes programs from programs: calls come and go, move and repeat, arguments change as their kinds suggest. The result
// is always normal. Allocates nothing once it has seen programs of the size it works on.
class Mutator {
 public:
  explicit Mutator(const Grammar& grammar) : grammar_(grammar), generator_(grammar) {}

  // One to four changes. Takes and leaves a normal program.
  void mutate(Random& random, Program& program);
  // The beginning of one and the end of the other, whose references find new targets.
  void cross(Random& random, const Program& first, const Program& second, Program& out);

  // Leaves at most `steps` calls that followed each other, and those before which made what they use. A program of no
  // more stays as it is.
  void excerpt(Random& random, size_t steps, Program& program);

  Generator& generator() { return generator_; }

 private:
  // Each does nothing where there is nothing to do it to.
  void change(Random& random, Program& program);
  void insert_call(Random& random, Program& program);
  void erase_calls(Random& random, Program& program);
  void repeat_calls(Random& random, Program& program);
  void swap_calls(Random& random, Program& program);
  void replace_call(Random& random, Program& program);
  void change_argument(Random& random, Program& program);
  void change_circumstances(Random& random, Program& program);

  void make_step(Random& random, Program& program, size_t at, uint16_t call);
  void tweak_scalar(Random& random, Program& program, size_t step, const interface::ArgDesc& desc, Arg& arg);
  void tweak_pointer(Random& random, Program& program, size_t step, const interface::ArgDesc& desc, Arg& arg);
  void tweak_field(Random& random, Program& program, size_t step, const interface::StructDesc& element, const Arg& arg);
  void tweak_bytes(Random& random, Program& program, Arg& arg);
  void copy_steps(const Program& from, size_t first, size_t count, size_t at, Dangling dangling, Program& to);

  const Grammar& grammar_;
  Generator generator_;
  std::vector<std::byte> spare_;
  Program scratch_;
};

}  // namespace cupel::fuzz
