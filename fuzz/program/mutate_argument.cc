#include <algorithm>
#include <cstring>

#include "fuzz/program/mutate.hh"
#include "fuzz/program/normal_form.hh"
#include "fuzz/program/values.hh"

namespace cupel::fuzz {

using interface::ArgDesc;
using interface::Kind;
using interface::Resource;

void Mutator::tweak_scalar(Random& random, Program& program, size_t step, const ArgDesc& desc, Arg& arg) {
  if (arg.form == Form::result || random.one_in(8)) {
    // Something else of the same resource, of another one, or the address next to it.
    if (desc.kind == Kind::address && random.one_in(2)) {
      arg.value = random.one_in(2) ? nudged(random, arg.value) : arg.value + 4096;
      return;
    }
    const Resource resource = random.one_in(6) ? Resource::any : wanted(desc.kind, desc.resource);
    const auto ref = find_result(grammar_, random, program, step, fitting(resource));
    if (ref) arg = {.form = Form::result, .ref = *ref};
    return;
  }
  const bool is_set = desc.kind == Kind::flags && !desc.values.empty();
  if (is_set && !random.one_in(8)) arg.value ^= random.pick(desc.values).value;
  else arg.value = nudged(random, arg.value);
}

void Mutator::tweak_pointer(Random& random, Program& program, size_t step, const ArgDesc& desc, Arg& arg) {
  const Shape shape = shape_of(desc.kind);
  if (random.one_in(10)) {
    arg.place = random.one_in(2) ? Place::slot : Place(random.below(static_cast<uint32_t>(Place::beyond) + 1));
    if (arg.place == Place::edge) arg.value = is_counted(shape) ? arg.value : random.below(64);
    const auto mapping = find_result(grammar_, random, program, step, set_of(Resource::mapping));
    if (mapping) arg.ref = *mapping;
    return;
  }
  if (!is_counted(shape) && arg.place != Place::slot && random.one_in(2)) arg.value = nudged(random, arg.value);
  if (is_counted(shape) && random.one_in(3)) {
    arg.value = random.one_in(2) ? nudged(random, arg.value) : natural_count(desc, arg);
    return;
  }
  if (shape == Shape::room) {
    arg.blob_size = interesting_size(random);
    arg.value = arg.blob_size;
  } else if (has_bytes(shape) && arg.blob_size != 0) {
    const bool has_fields = desc.element != nullptr && !desc.element->fields.empty() && arg.blob_size >= desc.element->size;
    if (has_fields && !random.one_in(6)) tweak_field(random, program, step, *desc.element, arg);
    else tweak_bytes(random, program, arg);
  }
}

void Mutator::tweak_field(Random& random, Program& program, size_t step, const interface::StructDesc& element, const Arg& arg) {
  const interface::FieldDesc& field = random.pick(element.fields);
  const size_t index = random.below(arg.blob_size / element.size);
  if (index * element.size + field.offset + field.size > arg.blob_size) return;
  std::byte* const at = program.blob.data() + arg.blob_offset + index * element.size + field.offset;
  uint64_t value = 0;
  const size_t size = std::min<size_t>(field.size, sizeof(value));
  std::memcpy(&value, at, size);
  if (field.kind == Kind::flags && !field.values.empty() && random.one_in(2)) value ^= random.pick(field.values).value;
  else value = random.one_in(2) ? nudged(random, value) : generator_.field_value(random, program, step, field);
  std::memcpy(at, &value, size);
}

// Changes a byte, or copies them to the blob's end to become more, fewer or others.
void Mutator::tweak_bytes(Random& random, Program& program, Arg& arg) {
  std::vector<std::byte>& blob = program.blob;
  const uint32_t at = random.below(arg.blob_size);
  if (random.one_in(2)) {
    std::byte& byte = blob[arg.blob_offset + at];
    byte = static_cast<std::byte>(random.one_in(2) ? nudged(random, static_cast<uint64_t>(byte)) : random.next());
    return;
  }
  if (random.one_in(2)) {
    arg.blob_size = at;
    return;
  }
  const bool counted_bytes = arg.value == arg.blob_size;
  const auto end = static_cast<uint32_t>(blob.size());
  const uint32_t grown = random.one_in(4) ? interesting_size(random) : 1 + random.below(8);
  blob.resize(end + arg.blob_size);
  std::copy_n(blob.begin() + arg.blob_offset, arg.blob_size, blob.begin() + end);
  interesting_bytes(random, grown, blob);
  arg.blob_offset = end;
  arg.blob_size += grown;
  if (counted_bytes) arg.value = arg.blob_size;
}

}  // namespace cupel::fuzz
