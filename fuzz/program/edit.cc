#include "fuzz/program/edit.hh"

#include <algorithm>
#include <cstring>

#include "fuzz/program/normal_form.hh"

namespace cupel::fuzz {

using interface::Resource;

namespace {

// The nearest result before `step` that will do for `wanted`.
bool find_other(const Grammar& grammar, const Program& program, size_t step, ResourceSet wanted, ResultRef& ref) {
  while (step-- > 0) {
    const Results& results = grammar.results(program.steps[step].call);
    for (uint8_t slot = 0; slot < results.count; ++slot) {
      if ((set_of(results.resources[slot]) & wanted) == 0) continue;
      ref = {static_cast<uint16_t>(step), slot};
      return true;
    }
  }
  return false;
}

// False where the reference dangles and nothing else will do.
bool redirect(const Grammar& grammar, const Program& program, size_t step, Resource resource, const StepMap& map, Dangling dangling, ResultRef& ref) {
  ref.step = map(ref.step);
  if (ref.step != StepMap::gone) return true;
  return dangling == Dangling::rewire && find_other(grammar, program, step, fitting(resource), ref);
}

void remap_bytes(const Grammar& grammar, Program& program, size_t step, const interface::StructDesc& element, const Arg& arg, const StepMap& map,
                 Dangling dangling) {
  for (const interface::FieldDesc& field : element.fields) {
    if (!is_reference_field(field)) continue;
    for (size_t at = field.offset; at + field.size <= arg.blob_size; at += element.size) {
      int32_t value = 0;
      std::byte* const place = program.blob.data() + arg.blob_offset + at;
      std::memcpy(&value, place, sizeof(value));
      if (!is_ref_code(value)) continue;
      ResultRef ref = ref_of(value);
      value = redirect(grammar, program, step, wanted(field.kind, field.resource), map, dangling, ref) ? ref_code(ref) : -1;
      std::memcpy(place, &value, sizeof(value));
    }
  }
}

}  // namespace

StepMap StepMap::shifted(size_t count, size_t first, int by) {
  StepMap map;
  map.to_.fill(gone);
  for (size_t step = 0; step < std::min<size_t>(count, steps_max); ++step) {
    const int to = static_cast<int>(step) + (step < first ? 0 : by);
    map.to_[step] = to < 0 || to >= steps_max ? gone : static_cast<uint16_t>(to);
  }
  return map;
}

void remap_references(const Grammar& grammar, Program& program, size_t first, const StepMap& map, Dangling dangling) {
  for (size_t index = first; index < program.steps.size(); ++index) {
    Step& step = program.steps[index];
    const interface::CallDesc& call = grammar.call(step.call);
    for (size_t at = 0; at < call.arg_count; ++at) {
      Arg& arg = step.args[at];
      const interface::ArgDesc& desc = call.arg_array[at];
      const bool is_mapping = arg.place == Place::mapping;
      if (arg.form == Form::result || is_mapping) {
        const Resource resource = is_mapping ? Resource::mapping : wanted(desc.kind, desc.resource);
        if (!redirect(grammar, program, index, resource, map, dangling, arg.ref)) {
          arg.ref = {};
          if (is_mapping) arg.place = Place::unmapped;
          else arg.form = Form::literal, arg.value = ~uint64_t{0};
        }
      }
      if ((grammar.reference_args(step.call) >> at & 1) != 0 && arg.blob_offset + arg.blob_size <= program.blob.size()) {
        remap_bytes(grammar, program, index, *desc.element, arg, map, dangling);
      }
    }
  }
}

void remap_circumstances(Program& program, const StepMap& map) {
  const auto remap = [&](auto& list) {
    for (auto& entry : list) entry.step = map(entry.step);
    std::erase_if(list, [](const auto& entry) { return entry.step == StepMap::gone; });
  };
  remap(program.faults);
  remap(program.tampers);
}

void insert_steps(const Grammar& grammar, Program& program, size_t at, size_t count) {
  const StepMap map = StepMap::shifted(program.steps.size(), at, static_cast<int>(count));
  program.steps.insert(program.steps.begin() + static_cast<ptrdiff_t>(at), count, Step{});
  if (program.steps.size() > steps_max) program.steps.resize(steps_max);
  remap_references(grammar, program, at + count, map, Dangling::minus_one);
  remap_circumstances(program, map);
}

void erase_steps(const Grammar& grammar, Program& program, size_t first, size_t count, Dangling dangling) {
  first = std::min(first, program.steps.size());
  count = std::min(count, program.steps.size() - first);
  StepMap map = StepMap::shifted(program.steps.size(), first, -static_cast<int>(count));
  for (size_t step = first; step < first + count; ++step) map[step] = StepMap::gone;
  const auto begin = program.steps.begin() + static_cast<ptrdiff_t>(first);
  program.steps.erase(begin, begin + static_cast<ptrdiff_t>(count));
  remap_references(grammar, program, first, map, dangling);
  remap_circumstances(program, map);
}

}  // namespace cupel::fuzz
