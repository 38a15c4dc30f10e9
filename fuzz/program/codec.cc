#include "fuzz/program/codec.hh"

#include <algorithm>

#include "fuzz/program/normal_form.hh"
#include "fuzz/program/wire.hh"

namespace cupel::fuzz {

using interface::ArgDesc;
using interface::Kind;
using wire::Reader;
using wire::Writer;

namespace {

constexpr unsigned place_count = static_cast<unsigned>(Place::beyond) + 1;
constexpr unsigned three = 3;  // policies, ways of scheduling, kinds of faults
static_assert(static_cast<unsigned>(Policy::mixed) == three - 1 && static_cast<unsigned>(Scheduling::pct) == three - 1 &&
              static_cast<unsigned>(FaultKind::wait) == three - 1);

// Bytes that structs cut by blob_max lack in the blob.
constexpr std::array<std::byte, 512> zeros{};

ResultRef read_reference(Reader& in, size_t step, bool with_slot) {
  const size_t back = in.byte();
  const auto target = back == 0 || back > step ? step : step - back;  // the step itself: settled as no reference
  return {static_cast<uint16_t>(target), with_slot ? in.byte() : uint8_t{0}};
}
void write_reference(Writer& out, size_t step, ResultRef ref, bool with_slot) {
  out.byte(static_cast<uint8_t>(step - ref.step));
  if (with_slot) out.byte(ref.slot);
}

Arg read_scalar(Reader& in, size_t step) {
  const uint8_t tag = in.byte();
  if (tag < wire::reference_tag) return {.value = in.number_after(tag)};
  Arg arg{.form = Form::result, .ref = read_reference(in, step, (tag & 1) != 0)};
  if ((tag & 2) != 0) arg.value = in.number();
  return arg;
}
void write_scalar(Writer& out, size_t step, const Arg& arg) {
  if (arg.form == Form::literal) return out.number(arg.value);
  const bool with_slot = arg.ref.slot != 0, with_value = arg.value != 0;
  out.byte(static_cast<uint8_t>(wire::reference_tag | (with_slot ? 1 : 0) | (with_value ? 2 : 0)));
  write_reference(out, step, arg.ref, with_slot);
  if (with_value) out.number(arg.value);
}

bool has_offset(Shape shape, Place place) { return !is_counted(shape) && (place == Place::edge || place == Place::mapping); }

Arg read_pointer(Reader& in, const ArgDesc& desc, Shape shape, size_t step, std::span<const std::byte>& bytes) {
  const uint8_t head = in.byte();
  Arg arg{.place = Place((head & 7u) % place_count)};
  if (has_offset(shape, arg.place)) arg.value = in.number();
  if (arg.place == Place::mapping) arg.ref = read_reference(in, step, true);
  if (has_object(arg.place) && shape != Shape::output) {
    const uint64_t size = shape == Shape::object ? desc.element->size : in.number();
    arg.blob_size = static_cast<uint32_t>(std::min<uint64_t>(size, buffer_max));
    if (has_bytes(shape)) bytes = in.bytes(arg.blob_size), arg.blob_size = static_cast<uint32_t>(bytes.size());
  }
  if (is_counted(shape)) arg.value = (head & wire::count_follows) != 0 ? in.number() : natural_count(desc, arg);
  return arg;
}
void write_pointer(Writer& out, const Program& program, const ArgDesc& desc, Shape shape, size_t step, const Arg& arg) {
  const bool with_count = is_counted(shape) && arg.value != natural_count(desc, arg);
  out.byte(static_cast<uint8_t>(static_cast<unsigned>(arg.place) | (with_count ? wire::count_follows : 0u)));
  if (has_offset(shape, arg.place)) out.number(arg.value);
  if (arg.place == Place::mapping) write_reference(out, step, arg.ref, true);
  if (has_object(arg.place) && shape != Shape::output) {
    if (shape != Shape::object) out.number(arg.blob_size);
    if (has_bytes(shape)) out.bytes(bytes_of(program, arg));
    if (shape == Shape::object) {
      for (size_t lacking = desc.element->size - arg.blob_size; lacking != 0;) {
        const size_t size = std::min(lacking, zeros.size());
        out.bytes(std::span(zeros).first(size)), lacking -= size;
      }
    }
  }
  if (with_count) out.number(arg.value);
}

void read_step(const Grammar& grammar, Reader& in, Program& out) {
  const size_t index = out.steps.size();
  const unsigned low = in.byte(), high = in.byte();
  Step& step = out.steps.emplace_back();
  step.call = grammar.index_of(static_cast<uint16_t>(low | high << 8));
  step.task = static_cast<uint8_t>(in.byte() % tasks_max);
  const interface::CallDesc& call = grammar.call(step.call);
  for (size_t arg = 0; arg < call.arg_count; ++arg) {
    const ArgDesc& desc = call.arg_array[arg];
    const Shape shape = shape_of(desc.kind);
    std::span<const std::byte> bytes;
    step.args[arg] = shape == Shape::scalar ? read_scalar(in, index) : read_pointer(in, desc, shape, index, bytes);
    settle(grammar, desc, index, bytes, step.args[arg], out);
  }
}
void write_step(const Grammar& grammar, Writer& out, const Program& program, size_t index) {
  const Step& step = program.steps[index];
  const interface::CallDesc& call = grammar.call(step.call);
  out.byte(static_cast<uint8_t>(call.number)), out.byte(static_cast<uint8_t>(call.number >> 8));
  out.byte(step.task);
  for (size_t arg = 0; arg < call.arg_count; ++arg) {
    const ArgDesc& desc = call.arg_array[arg];
    const Shape shape = shape_of(desc.kind);
    if (shape == Shape::scalar) write_scalar(out, index, step.args[arg]);
    else write_pointer(out, program, desc, shape, index, step.args[arg]);
  }
}

}  // namespace

void decode(const Grammar& grammar, std::span<const uint8_t> bytes, Program& out) {
  out.clear();
  Reader in(bytes);
  in.byte();  // the version: there is one
  const unsigned head = in.byte();
  out.policy = Policy((head & 3) % three);
  out.scheduling = Scheduling((head >> 2 & 3) % three);
  out.pct_depth = static_cast<uint8_t>(head >> 4);
  out.seed = static_cast<uint32_t>(in.number());
  const uint64_t steps = grammar.call_count() == 0 ? 0 : std::min<uint64_t>(in.number(), steps_max);
  while (out.steps.size() < steps && !in.at_end()) read_step(grammar, in, out);
  for (uint64_t left = std::min<uint64_t>(in.number(), faults_max); left > 0; --left) {
    const auto step = static_cast<uint16_t>(in.byte());
    const auto kind = FaultKind(in.byte() % three);
    out.faults.push_back({step, kind, static_cast<uint16_t>(in.number())});
  }
  for (uint64_t left = std::min<uint64_t>(in.number(), tampers_max); left > 0; --left) {
    const uint8_t step = in.byte(), arg = in.byte();
    const auto offset = static_cast<uint16_t>(in.number());
    out.tampers.push_back({step, arg, offset, in.byte()});
  }
  settle_circumstances(grammar, out);
}

void encode(const Grammar& grammar, const Program& program, std::vector<uint8_t>& bytes) {
  bytes.clear();
  Writer out(bytes);
  out.byte(codec_version);
  out.byte(static_cast<uint8_t>(static_cast<unsigned>(program.policy) | static_cast<unsigned>(program.scheduling) << 2 | (program.pct_depth & 15u) << 4));
  out.number(program.seed);
  out.number(program.steps.size());
  for (size_t index = 0; index < program.steps.size(); ++index) write_step(grammar, out, program, index);
  out.number(program.faults.size());
  for (const Fault& fault : program.faults) {
    out.byte(static_cast<uint8_t>(fault.step)), out.byte(static_cast<uint8_t>(fault.kind)), out.number(fault.nth);
  }
  out.number(program.tampers.size());
  for (const Tamper& tamper : program.tampers) {
    out.byte(static_cast<uint8_t>(tamper.step)), out.byte(tamper.arg), out.number(tamper.offset), out.byte(tamper.value);
  }
}

}  // namespace cupel::fuzz
