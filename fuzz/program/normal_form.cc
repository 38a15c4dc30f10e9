#include "fuzz/program/normal_form.hh"

#include <algorithm>

namespace cupel::fuzz {

using interface::ArgDesc;

namespace {

constexpr uint64_t edge_max = 4096;  // bytes of an object before the edge: a page
constexpr uint8_t pct_depth_max = 15;  // four bits of the encoding

bool settle_reference(const Grammar& grammar, size_t step, const Program& program, ResultRef& ref) {
  if (ref.step >= step) return false;
  if (ref.slot >= grammar.results(program.steps[ref.step].call).count) ref.slot = 0;
  return true;
}

void settle_scalar(const Grammar& grammar, const ArgDesc& desc, size_t step, const Program& program, Arg& arg) {
  Arg settled{.value = arg.value};
  if (arg.form == Form::result) {
    if (settle_reference(grammar, step, program, arg.ref)) {
      settled.form = Form::result;
      settled.ref = arg.ref;
      if (desc.kind != interface::Kind::address) settled.value = 0;
    } else {
      settled.value = ~uint64_t{0};
    }
  }
  arg = settled;
}

uint32_t size_in_program(const ArgDesc& desc, Shape shape, const Arg& arg, size_t size) {
  switch (shape) {
    case Shape::object: return desc.element->size;
    case Shape::output: return 0;
    case Shape::room: {
      if (arg.place == Place::read_only) return 0;
      const uint64_t room = arg.place == Place::edge ? arg.blob_size : std::max<uint64_t>(arg.blob_size, arg.value);
      return static_cast<uint32_t>(std::min<uint64_t>(room, buffer_max));
    }
    default: return static_cast<uint32_t>(std::min<size_t>(size, buffer_max));
  }
}

}  // namespace

uint64_t natural_count(const ArgDesc& desc, const Arg& arg) {
  if (shape_of(desc.kind) == Shape::array) return arg.blob_size / desc.element->size;
  return arg.blob_size;
}

void settle(const Grammar& grammar, const ArgDesc& desc, size_t step, std::span<const std::byte> bytes, Arg& arg, Program& program) {
  const Shape shape = shape_of(desc.kind);
  if (shape == Shape::scalar) return settle_scalar(grammar, desc, step, program, arg);
  Arg settled{.value = arg.value, .place = arg.place};
  if (arg.place == Place::mapping) {
    if (settle_reference(grammar, step, program, arg.ref)) settled.ref = arg.ref;
    else settled.place = Place::unmapped;
  }
  if (!is_counted(shape)) {
    if (settled.place == Place::edge) settled.value = std::min(arg.value, edge_max);
    else if (settled.place != Place::mapping) settled.value = 0;
  }
  if (has_object(settled.place)) {
    settled.blob_size = size_in_program(desc, shape, arg, bytes.size());
    if (has_bytes(shape)) {
      std::vector<std::byte>& blob = program.blob;
      settled.blob_size = std::min(settled.blob_size, blob_max - static_cast<uint32_t>(blob.size()));
      if (settled.blob_size != 0) {
        settled.blob_offset = static_cast<uint32_t>(blob.size());
        bytes = bytes.first(std::min<size_t>(bytes.size(), settled.blob_size));
        blob.insert(blob.end(), bytes.begin(), bytes.end());
        blob.resize(settled.blob_offset + settled.blob_size);
      }
    }
  }
  arg = settled;
}

void settle_circumstances(const Grammar& grammar, Program& program) {
  std::erase_if(program.faults, [&](const Fault& fault) { return fault.step >= program.steps.size(); });
  if (program.faults.size() > faults_max) program.faults.resize(faults_max);
  for (Fault& fault : program.faults) fault.nth = std::max<uint16_t>(fault.nth, 1);
  std::erase_if(program.tampers, [&](const Tamper& tamper) {
    return tamper.step >= program.steps.size() || tamper.arg >= grammar.call(program.steps[tamper.step].call).arg_count;
  });
  if (program.tampers.size() > tampers_max) program.tampers.resize(tampers_max);
  const Program fresh;
  if (program.scheduling != Scheduling::pct) program.pct_depth = fresh.pct_depth;
  program.pct_depth = std::clamp<uint8_t>(program.pct_depth, 1, pct_depth_max);
  if (program.scheduling == Scheduling::in_order && program.policy != Policy::mixed) program.seed = fresh.seed;
}

void normalise(const Grammar& grammar, Program& program, std::vector<std::byte>& spare) {
  if (program.steps.size() > steps_max) program.steps.resize(steps_max);
  if (grammar.call_count() == 0) program.steps.clear();
  spare.clear();
  spare.swap(program.blob);
  for (size_t index = 0; index < program.steps.size(); ++index) {
    Step& step = program.steps[index];
    step.call = static_cast<uint16_t>(step.call % grammar.call_count());
    step.task = static_cast<uint8_t>(step.task % tasks_max);
    const interface::CallDesc& call = grammar.call(step.call);
    for (size_t arg = 0; arg < call.arg_count; ++arg) {
      const size_t offset = std::min<size_t>(step.args[arg].blob_offset, spare.size());
      const size_t size = std::min<size_t>(step.args[arg].blob_size, spare.size() - offset);
      settle(grammar, call.arg_array[arg], index, std::span(spare).subspan(offset, size), step.args[arg], program);
    }
    for (size_t arg = call.arg_count; arg < step.args.size(); ++arg) step.args[arg] = {};
  }
  settle_circumstances(grammar, program);
}

}  // namespace cupel::fuzz
