#include <algorithm>

#include "fuzz/program/normal_form.hh"
#include "fuzz/program/text.hh"
#include "fuzz/program/value_text.hh"
#include "fuzz/program/words.hh"
#include "libos/interface/args.hh"

namespace cupel::fuzz {

using interface::ArgDesc;

namespace {

class Printer {
 public:
  Printer(const Grammar& grammar, const Program& program) : grammar_(grammar), program_(program) {}

  std::string program() {
    head();
    const std::vector<bool> labelled = referenced_steps();
    size_t width = 0;
    for (size_t index = 0; index < labelled.size(); ++index) {
      if (labelled[index]) width = fmt::formatted_size("r{}", index);
    }
    for (size_t index = 0; index < program_.steps.size(); ++index) {
      if (width != 0) append(out_, "{:<{}} {} ", labelled[index] ? fmt::format("r{}", index) : "", width, labelled[index] ? '=' : ' ');
      step(index);
      if (program_.steps[index].task != 0) append(out_, "  ; task {}", program_.steps[index].task);
      out_ += '\n';
    }
    tail();
    return std::move(out_);
  }
  std::string one(size_t index) {
    step(index);
    return std::move(out_);
  }

 private:
  void head() {
    const bool seeded = program_.scheduling != Scheduling::in_order;
    if (program_.policy != Policy::allow_all) {
      append(out_, "@policy {}", word(program_.policy));
      if (!seeded && program_.seed != 0) append(out_, " seed={}", program_.seed);
      out_ += '\n';
    }
    if (!seeded) return;
    append(out_, "@schedule {} seed={}", word(program_.scheduling), program_.seed);
    if (program_.scheduling == Scheduling::pct) append(out_, " depth={}", program_.pct_depth);
    out_ += '\n';
  }
  void tail() {
    for (const Fault& fault : program_.faults) append(out_, "@fault {} {} at call {}\n", word(fault.kind), fault.nth, fault.step);
    for (const Tamper& tamper : program_.tampers) {
      append(out_, "@tamper call {} argument {} byte {} = {:#x}\n", tamper.step, tamper.arg, tamper.offset, tamper.value);
    }
  }

  std::vector<bool> referenced_steps() const {
    std::vector<bool> labelled(program_.steps.size());
    for (size_t index = 0; index < program_.steps.size(); ++index) {
      const Step& step = program_.steps[index];
      for (size_t at = 0; at < grammar_.call(step.call).arg_count; ++at) {
        const Arg& arg = step.args[at];
        if (arg.form == Form::result || arg.place == Place::mapping) labelled[arg.ref.step] = true;
        if ((grammar_.reference_args(step.call) >> at & 1) == 0) continue;
        const interface::StructDesc& element = *grammar_.call(step.call).arg_array[at].element;
        for (auto bytes = bytes_of(program_, arg); !bytes.empty(); bytes = bytes.subspan(std::min<size_t>(bytes.size(), element.size))) {
          for (const auto& field : element.fields) {
            if (const auto ref = reference_in(field, field_of(field, bytes), index)) labelled[ref->step] = true;
          }
        }
      }
    }
    return labelled;
  }
  // The reference that a field's value stands for, if it is one to an earlier step's result.
  std::optional<ResultRef> reference_in(const interface::FieldDesc& field, uint64_t value, size_t step) const {
    const auto code = static_cast<int32_t>(static_cast<uint32_t>(value));
    if (!is_reference_field(field) || !is_ref_code(code)) return std::nullopt;
    const ResultRef ref = ref_of(code);
    if (ref.step >= step || ref.slot >= grammar_.results(program_.steps[ref.step].call).count) return std::nullopt;
    return ref;
  }

  void step(size_t index) {
    const Step& step = program_.steps[index];
    const interface::CallDesc& call = grammar_.call(step.call);
    append(out_, "{}(", call.name);
    for (size_t at = 0; at < call.arg_count; ++at) {
      if (at != 0) out_ += ", ";
      argument(call.arg_array[at], step.args[at], index);
    }
    out_ += ')';
  }

  void reference(ResultRef ref) {
    append(out_, "r{}", ref.step);
    if (ref.slot != 0) append(out_, ".{}", ref.slot);
  }
  void offset(uint64_t value) {
    if (static_cast<int64_t>(value) < 0) append(out_, "-{:#x}", ~value + 1);
    else if (value != 0) append(out_, "+{:#x}", value);
  }

  void argument(const ArgDesc& desc, const Arg& arg, size_t step) {
    const Shape shape = shape_of(desc.kind);
    if (shape == Shape::scalar) {
      if (arg.form == Form::literal) return print_value(desc.kind, desc.values, arg.value, out_);
      reference(arg.ref);
      return offset(arg.value);
    }
    switch (arg.place) {
      case Place::slot: object(desc, shape, arg, step); break;
      case Place::null:
      case Place::unmapped:
      case Place::beyond: out_ += word(arg.place); break;
      case Place::mapping:
        reference(arg.ref);
        if (!is_counted(shape)) offset(arg.value);
        break;
      case Place::read_only:
      case Place::edge:
        append(out_, "{}(", word(arg.place));
        object(desc, shape, arg, step);
        out_ += ')';
        if (arg.place == Place::edge && !is_counted(shape)) append(out_, "+{}", arg.value);
        break;
    }
    if (!is_counted(shape)) return;
    out_ += ", ";
    print_number(arg.value, out_);
  }

  void object(const ArgDesc& desc, Shape shape, const Arg& arg, size_t step) {
    const auto bytes = bytes_of(program_, arg);
    switch (shape) {
      case Shape::output: out_ += output_word; break;
      case Shape::room: append(out_, "[{}]", arg.blob_size); break;
      case Shape::object: record(*desc.element, bytes, step); break;
      case Shape::text: print_text(bytes, out_); break;
      case Shape::bytes: print_bytes(bytes, out_); break;
      case Shape::vector: records(interface::struct_desc<interface::IoVec>, std::min<uint64_t>(arg.value, bytes.size() / sizeof(interface::IoVec)), bytes, step); break;
      case Shape::array: records(*desc.element, bytes.size() / desc.element->size, bytes, step); break;
      case Shape::scalar: break;
    }
  }
  void record(const interface::StructDesc& element, std::span<const std::byte> bytes, size_t step) {
    out_ += '{';
    for (const auto& field : element.fields) {
      if (&field != element.fields.data()) out_ += ", ";
      const uint64_t value = field_of(field, bytes);
      if (const auto ref = reference_in(field, value, step)) reference(*ref);
      else print_field(field, value, out_);
    }
    out_ += '}';
  }
  // So many structs, and what is left of the bytes behind them.
  void records(const interface::StructDesc& element, size_t count, std::span<const std::byte> bytes, size_t step) {
    out_ += '[';
    for (size_t index = 0; index < count; ++index) {
      if (index != 0) out_ += ", ";
      record(element, bytes.subspan(index * element.size, element.size), step);
    }
    out_ += ']';
    if (bytes.size() == count * element.size) return;
    out_ += ' ';
    print_bytes(bytes.subspan(count * element.size), out_);
  }

  const Grammar& grammar_;
  const Program& program_;
  std::string out_;
};

}  // namespace

std::string print(const Grammar& grammar, const Program& program) { return Printer(grammar, program).program(); }
std::string print_step(const Grammar& grammar, const Program& program, size_t step) { return Printer(grammar, program).one(step); }

}  // namespace cupel::fuzz
