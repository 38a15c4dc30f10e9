#include "fuzz/program/mutate.hh"

#include <algorithm>

#include "fuzz/program/normal_form.hh"

namespace cupel::fuzz {

using interface::ArgDesc;

namespace {

constexpr size_t run_max = 8;  // calls that are erased or repeated together

size_t pick_step(Random& random, const Program& program) { return random.below(static_cast<uint32_t>(program.steps.size())); }

}  // namespace

void Mutator::mutate(Random& random, Program& program) {
  if (grammar_.call_count() == 0) return;
  for (uint32_t left = 1 + random.below_low(4); left > 0; --left) change(random, program);
  normalise(grammar_, program, spare_);
}

void Mutator::change(Random& random, Program& program) {
  if (program.steps.empty()) return insert_call(random, program);
  const uint32_t choice = random.below(100);
  if (choice < 45) return change_argument(random, program);
  if (choice < 63) return insert_call(random, program);
  if (choice < 75) return erase_calls(random, program);
  if (choice < 82) return repeat_calls(random, program);
  if (choice < 88) return swap_calls(random, program);
  if (choice < 94) return replace_call(random, program);
  change_circumstances(random, program);
}

// Makes the step at `at` a call with new arguments.
void Mutator::make_step(Random& random, Program& program, size_t at, uint16_t call) {
  Step step{.call = call, .task = generator_.pick_task(random, program, at)};
  const interface::CallDesc& desc = grammar_.call(call);
  for (size_t arg = 0; arg < desc.arg_count; ++arg) {
    step.args[arg] = generator_.make_arg(random, program, at, desc.arg_array[arg], program.blob);
  }
  program.steps[at] = step;
}

void Mutator::insert_call(Random& random, Program& program) {
  if (program.steps.size() >= steps_max) return;
  const size_t at = random.below(static_cast<uint32_t>(program.steps.size() + 1));
  // Half of the time a call that is there already: what meets its own kind finds more.
  const bool known = !program.steps.empty() && random.one_in(2);
  const uint16_t call = known ? program.steps[pick_step(random, program)].call : generator_.pick_call(random);
  insert_steps(grammar_, program, at, 1);
  make_step(random, program, at, call);
}

void Mutator::erase_calls(Random& random, Program& program) {
  const size_t first = pick_step(random, program);
  const size_t count = random.one_in(4) ? 1 + random.below(run_max) : 1;
  erase_steps(grammar_, program, first, count, random.one_in(4) ? Dangling::minus_one : Dangling::rewire);
}

// Copies steps of `from`, another program, to the end of `to`, whose steps from `at` on they follow on.
void Mutator::copy_steps(const Program& from, size_t first, size_t count, size_t at, Dangling dangling, Program& to) {
  const size_t start = to.steps.size();
  count = std::min({count, from.steps.size() - first, steps_max - start});
  const auto begin = from.steps.begin() + static_cast<ptrdiff_t>(first);
  to.steps.insert(to.steps.end(), begin, begin + static_cast<ptrdiff_t>(count));
  const auto blob = static_cast<uint32_t>(to.blob.size());
  to.blob.insert(to.blob.end(), from.blob.begin(), from.blob.end());
  for (size_t step = start; step < to.steps.size(); ++step) {
    for (Arg& arg : to.steps[step].args) arg.blob_offset += blob;
  }
  // What was made before `first` is not there; what was made after it has moved.
  StepMap map = StepMap::shifted(first + count, first, static_cast<int>(at) - static_cast<int>(first));
  for (size_t step = 0; step < first; ++step) map[step] = StepMap::gone;
  remap_references(grammar_, to, start, map, dangling);
}

void Mutator::repeat_calls(Random& random, Program& program) {
  const size_t first = pick_step(random, program);
  const size_t count = std::min(random.one_in(2) ? 1 : 1 + random.below(run_max), static_cast<uint32_t>(program.steps.size() - first));
  if (program.steps.size() + count > steps_max) return;
  const size_t at = first + count + random.below(static_cast<uint32_t>(program.steps.size() - first - count + 1));
  insert_steps(grammar_, program, at, count);
  // Copies use what the originals used, or what their own copies make.
  std::copy_n(program.steps.begin() + static_cast<ptrdiff_t>(first), count, program.steps.begin() + static_cast<ptrdiff_t>(at));
  const bool own = random.one_in(2);
  for (size_t step = at; own && step < at + count; ++step) {
    for (Arg& arg : program.steps[step].args) {
      const bool refers = arg.form == Form::result || arg.place == Place::mapping;
      if (refers && arg.ref.step >= first && arg.ref.step < first + count) arg.ref.step = static_cast<uint16_t>(arg.ref.step + at - first);
    }
  }
  normalise(grammar_, program, spare_);  // to each its own bytes
}

void Mutator::swap_calls(Random& random, Program& program) {
  if (program.steps.size() < 2) return;
  const size_t first = random.below(static_cast<uint32_t>(program.steps.size() - 1));
  const size_t second = random.one_in(4) ? pick_step(random, program) : first + 1;
  StepMap map = StepMap::shifted(program.steps.size(), 0, 0);
  std::swap(program.steps[first], program.steps[second]);
  std::swap(map[first], map[second]);
  remap_references(grammar_, program, std::min(first, second), map, Dangling::rewire);
  remap_circumstances(program, map);
}

// Another call, which keeps the arguments that mean the same to it.
void Mutator::replace_call(Random& random, Program& program) {
  const size_t at = pick_step(random, program);
  const Step old = program.steps[at];
  const interface::CallDesc& before = grammar_.call(old.call);
  const uint16_t call = generator_.pick_call(random);
  make_step(random, program, at, call);
  const interface::CallDesc& after = grammar_.call(call);
  for (size_t arg = 0; arg < std::min(before.arg_count, after.arg_count); ++arg) {
    const ArgDesc &was = before.arg_array[arg], &is = after.arg_array[arg];
    if (shape_of(was.kind) == shape_of(is.kind) && was.element == is.element && was.values.data() == is.values.data()) {
      program.steps[at].args[arg] = old.args[arg];
    }
  }
}

void Mutator::change_argument(Random& random, Program& program) {
  const size_t index = pick_step(random, program);
  Step& step = program.steps[index];
  const interface::CallDesc& call = grammar_.call(step.call);
  if (call.arg_count == 0) return;
  const size_t at = random.below(call.arg_count);
  const ArgDesc& desc = call.arg_array[at];
  if (random.percent(35)) {
    step.args[at] = generator_.make_arg(random, program, index, desc, program.blob);
  } else if (shape_of(desc.kind) == Shape::scalar) {
    tweak_scalar(random, program, index, desc, step.args[at]);
  } else {
    tweak_pointer(random, program, index, desc, step.args[at]);
  }
}

void Mutator::change_circumstances(Random& random, Program& program) {
  const auto drop_one = [&](auto& list) { list.erase(list.begin() + random.below(static_cast<uint32_t>(list.size()))); };
  switch (random.below(6)) {
    case 0:
      if (!program.faults.empty() && random.one_in(2)) return drop_one(program.faults);
      return generator_.add_fault(random, program);
    case 1:
      if (!program.tampers.empty() && random.one_in(2)) return drop_one(program.tampers);
      return generator_.add_tamper(random, program);
    case 2: program.policy = random.one_in(2) ? Policy::allow_all : Policy(random.below(3)); return;
    case 3: program.seed = static_cast<uint32_t>(random.next()); return;
    case 4:
      if (random.one_in(4)) program.scheduling = Scheduling::in_order;
      else generator_.pick_schedule(random, program);
      return;
    default: {
      const size_t step = pick_step(random, program);
      program.steps[step].task = generator_.pick_task(random, program, step);
    }
  }
}

void Mutator::excerpt(Random& random, size_t steps, Program& program) {
  const size_t count = program.steps.size();
  if (count <= steps) return;
  const size_t window = random.between(1, static_cast<uint32_t>(steps));
  const size_t first = random.below(static_cast<uint32_t>(count - window + 1)), end = first + window;
  std::array<bool, steps_max> kept{};
  for (size_t index = end; index-- > 0;) {
    kept[index] = kept[index] || index >= first;
    if (!kept[index]) continue;
    for (const Arg& arg : program.steps[index].args) {
      const bool refers = arg.form == Form::result || arg.place == Place::mapping;
      if (refers && arg.ref.step < index) kept[arg.ref.step] = true;
    }
  }
  StepMap map = StepMap::shifted(count, 0, 0);
  size_t done = 0;
  for (size_t index = 0; index < count; ++index) {
    map[index] = kept[index] ? static_cast<uint16_t>(done) : StepMap::gone;
    if (kept[index]) program.steps[done++] = program.steps[index];
  }
  program.steps.resize(done);
  remap_references(grammar_, program, 0, map, Dangling::rewire);
  remap_circumstances(program, map);
  normalise(grammar_, program, spare_);
}

void Mutator::cross(Random& random, const Program& first, const Program& second, Program& out) {
  const size_t head = random.below(static_cast<uint32_t>(first.steps.size() + 1));
  const size_t tail = random.below(static_cast<uint32_t>(second.steps.size() + 1));
  scratch_ = first;
  erase_steps(grammar_, scratch_, head, scratch_.steps.size() - head, Dangling::minus_one);
  copy_steps(second, tail, second.steps.size() - tail, scratch_.steps.size(), Dangling::rewire, scratch_);
  normalise(grammar_, scratch_, spare_);
  std::swap(out, scratch_);
}

}  // namespace cupel::fuzz
