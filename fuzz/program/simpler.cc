#include "fuzz/program/simpler.hh"

#include <algorithm>
#include <bit>

#include "fuzz/program/edit.hh"
#include "fuzz/program/normal_form.hh"

namespace cupel::fuzz {

using interface::ArgDesc;

namespace {

class Candidates {
 public:
  Candidates(const Grammar& grammar, const Program& program) : grammar_(grammar), program_(program), limit_(complexity(grammar, program)) {}

  // The program after `change`, if that makes it simpler.
  template <class Change>
  void add(Change change) {
    Program candidate = program_;
    change(candidate);
    normalise(grammar_, candidate, spare_);
    if (complexity(grammar_, candidate) < limit_) all_.push_back(std::move(candidate));
  }
  template <class Change>
  void add_for_argument(size_t step, size_t arg, Change change) {
    add([&](Program& p) { change(p.steps[step].args[arg]); });
  }

  std::vector<Program> take() { return std::move(all_); }

 private:
  const Grammar& grammar_;
  const Program& program_;
  Complexity limit_;
  std::vector<std::byte> spare_;
  std::vector<Program> all_;
};

// Halves, quarters and so on down to single steps, later ones first: what comes before may be needed.
void drop_steps(const Grammar& grammar, const Program& program, Candidates& out) {
  const size_t count = program.steps.size();
  for (size_t size = (count + 1) / 2; size > 0; size /= 2) {
    for (size_t end = count; end > 0; end -= std::min(size, end)) {
      const size_t first = end - std::min(size, end);
      out.add([&](Program& p) { erase_steps(grammar, p, first, end - first, Dangling::minus_one); });
      // Whoever used what is gone may do with something alike.
      if (size == 1) out.add([&](Program& p) { erase_steps(grammar, p, first, 1, Dangling::rewire); });
    }
  }
}

void calm_down(const Program& program, Candidates& out) {
  out.add([](Program& p) {
    p.faults.clear(), p.tampers.clear();
    p.policy = Policy::allow_all, p.scheduling = Scheduling::in_order;
    for (Step& step : p.steps) step.task = 0;
  });
  for (size_t index = 0; index < program.faults.size(); ++index) out.add([&](Program& p) { p.faults.erase(p.faults.begin() + static_cast<ptrdiff_t>(index)); });
  for (size_t index = 0; index < program.tampers.size(); ++index) out.add([&](Program& p) { p.tampers.erase(p.tampers.begin() + static_cast<ptrdiff_t>(index)); });
  out.add([](Program& p) { p.policy = Policy::allow_all; });
  out.add([](Program& p) { p.scheduling = Scheduling::in_order; });
  for (size_t index = 0; index < program.steps.size(); ++index) out.add([&](Program& p) { p.steps[index].task = 0; });
}

void shrink_pointer(const ArgDesc& desc, size_t step, size_t at, const Arg& arg, Candidates& out) {
  if (arg.place != Place::slot) out.add_for_argument(step, at, [](Arg& a) { a.place = Place::slot; });
  if (arg.blob_size == 0) return;
  const uint32_t unit = shape_of(desc.kind) == Shape::array ? desc.element->size : 1;
  for (const uint32_t size : {uint32_t{0}, arg.blob_size / 2 / unit * unit, arg.blob_size - std::min(unit, arg.blob_size)}) {
    out.add_for_argument(step, at, [&](Arg& a) { a.blob_size = size, a.value = is_counted(shape_of(desc.kind)) ? natural_count(desc, a) : a.value; });
    out.add_for_argument(step, at, [&](Arg& a) { a.blob_size = size; });
  }
}

void shrink_arguments(const Grammar& grammar, const Program& program, Candidates& out) {
  for (size_t index = program.steps.size(); index-- > 0;) {
    const Step& step = program.steps[index];
    const interface::CallDesc& call = grammar.call(step.call);
    for (size_t at = 0; at < call.arg_count; ++at) {
      const ArgDesc& desc = call.arg_array[at];
      const Arg& arg = step.args[at];
      if (shape_of(desc.kind) != Shape::scalar) shrink_pointer(desc, index, at, arg, out);
      if (arg.form == Form::result) {
        out.add_for_argument(index, at, [](Arg& a) { a = {}; });
        out.add_for_argument(index, at, [](Arg& a) { a = {.value = ~uint64_t{0}}; });
      }
      if (arg.value == 0) continue;
      out.add_for_argument(index, at, [](Arg& a) { a.value = 0; });
      out.add_for_argument(index, at, [](Arg& a) { a.value = 1; });
      // Without each of its bits: flags lose them one by one.
      for (uint64_t bits = arg.value; bits != 0; bits &= bits - 1) {
        const uint64_t lowest = bits & (~bits + 1);
        out.add_for_argument(index, at, [&](Arg& a) { a.value &= ~lowest; });
        if (std::popcount(arg.value) > 16) break;
      }
    }
  }
}

void zero_bytes(const Grammar& grammar, const Program& program, Candidates& out) {
  for (const Step& step : program.steps) {
    for (size_t at = 0; at < grammar.call(step.call).arg_count; ++at) {
      const Arg& arg = step.args[at];
      if (!has_bytes(shape_of(grammar.call(step.call).arg_array[at].kind)) || arg.blob_size == 0) continue;
      const auto zero = [&](size_t offset, size_t size) {
        out.add([&](Program& p) { std::fill_n(p.blob.begin() + static_cast<ptrdiff_t>(arg.blob_offset + offset), size, std::byte{0}); });
      };
      zero(0, arg.blob_size);
      for (size_t offset = 0; offset < arg.blob_size; offset += 8) zero(offset, std::min<size_t>(8, arg.blob_size - offset));
    }
  }
}

}  // namespace

Complexity complexity(const Grammar& grammar, const Program& program) {
  Complexity all{.steps = program.steps.size(), .circumstances = program.faults.size() + program.tampers.size(), .bytes = program.blob.size()};
  if (program.policy != Policy::allow_all) ++all.circumstances;
  if (program.scheduling != Scheduling::in_order) ++all.circumstances;
  for (const Step& step : program.steps) {
    if (step.task != 0) ++all.tasks;
    const interface::CallDesc& call = grammar.call(step.call);
    for (size_t at = 0; at < call.arg_count; ++at) {
      const Arg& arg = step.args[at];
      const Shape shape = shape_of(call.arg_array[at].kind);
      if (shape == Shape::room) all.bytes += arg.blob_size;
      if (arg.place != Place::slot) ++all.places;
      if (arg.form == Form::result) ++all.references;
      all.numbers += static_cast<size_t>(std::popcount(arg.value));
    }
  }
  for (const std::byte byte : program.blob) all.numbers += static_cast<size_t>(std::popcount(static_cast<uint8_t>(byte)));
  return all;
}

std::vector<Program> simpler(const Grammar& grammar, const Program& program) {
  Candidates out(grammar, program);
  drop_steps(grammar, program, out);
  calm_down(program, out);
  shrink_arguments(grammar, program, out);
  zero_bytes(grammar, program, out);
  return out.take();
}

}  // namespace cupel::fuzz
