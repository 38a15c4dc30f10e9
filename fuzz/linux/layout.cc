#include "fuzz/linux/layout.hh"

#include <algorithm>
#include <cstring>

#include "libos/base/check.hh"
#include "libos/base/page.hh"

namespace cupel::fuzz {

using interface::ArgDesc;
using interface::IoVec;
using interface::Kind;

namespace {

constexpr uint64_t elements_max = 1 << 16;  // of an array whose count register is nonsense
constexpr uint64_t text_size_max = 4096;    // PATH_MAX: nothing reads further

bool is_pointer(Kind kind) {
  switch (kind) {
    case Kind::in:
    case Kind::out:
    case Kind::in_out:
    case Kind::in_buffer:
    case Kind::out_buffer:
    case Kind::in_vector:
    case Kind::out_vector:
    case Kind::in_array:
    case Kind::in_out_array:
    case Kind::path:
    case Kind::string:
    case Kind::futex: return true;
    default: return false;
  }
}
bool is_vector(Kind kind) { return kind == Kind::in_vector || kind == Kind::out_vector; }
bool is_written(Kind kind) {
  return kind == Kind::out || kind == Kind::in_out || kind == Kind::out_buffer || kind == Kind::in_out_array || kind == Kind::futex;
}
bool is_only_written(Kind kind) { return kind == Kind::out || kind == Kind::out_buffer; }

// Bytes the call may touch from the argument's address on.
uint64_t reach_of(const ArgDesc& desc, const Arg& arg) {
  switch (desc.kind) {
    case Kind::in_buffer:
    case Kind::out_buffer: return arg.value;
    case Kind::in_vector:
    case Kind::out_vector: return std::min(arg.value, elements_max) * sizeof(IoVec);
    case Kind::in_array:
    case Kind::in_out_array: return std::min(arg.value, elements_max) * desc.element->size;
    case Kind::path:
    case Kind::string: return text_size_max;
    default: return desc.element == nullptr ? 0 : desc.element->size;
  }
}

// Whether a field points at bytes, of which the one after it says how many there are.
bool points_at_bytes(const interface::StructDesc& element, size_t index) {
  return element.fields[index].kind == Kind::address && element.fields[index].size == sizeof(uint64_t) && index + 1 < element.fields.size() &&
         element.fields[index + 1].kind == Kind::size && element.fields[index + 1].size == sizeof(uint32_t);
}

// Bytes of room the argument's slot has.
size_t slot_size(const ArgDesc& desc, const Arg& arg) {
  uint64_t size = arg.blob_size;
  switch (desc.kind) {
    case Kind::out_buffer: size = std::max(size, arg.value); break;
    case Kind::in:
    case Kind::out:
    case Kind::in_out:
    case Kind::futex: size = std::max<uint64_t>(size, desc.element == nullptr ? 0 : desc.element->size); break;
    default: break;
  }
  return static_cast<size_t>(std::min<uint64_t>(size, buffer_max));
}

}  // namespace

void Layout::clear() {
  registers = {};
  objects = {};
  bytes.clear(), stores.clear(), extents.clear();
}

void Layouter::begin(const Program& program) {
  program_ = &program;
  results_.assign(program.steps.size(), {});
  uint64_t tasks = 1;
  for (const Step& step : program.steps) tasks = std::max<uint64_t>(tasks, step.task + 1u);
  room_ = (edge_page - slots_base) / std::min<uint64_t>(tasks, tasks_max) / 64 * 64;
}

void Layouter::lay_out(const Step& step, Layout& out) {
  const interface::CallDesc& call = call_of(step);
  out.clear();
  out.base = slots_base + (step.task % tasks_max) * room_;
  for (size_t index = 0; index < call.arg_count; ++index) {
    const ArgDesc& desc = call.arg_array[index];
    const Arg& arg = step.args[index];
    if (!is_pointer(desc.kind)) {
      out.registers[desc.reg] = scalar(desc, arg);
      continue;
    }
    const uint64_t address = place(desc, arg, slot_size(desc, arg), out);
    out.objects[index] = address;
    out.registers[desc.reg] = address;
    if (desc.regs == 2) out.registers[desc.reg + 1u] = arg.value;
    out.extents.push_back({address, reach_of(desc, arg), !is_only_written(desc.kind), is_written(desc.kind)});
    if (is_vector(desc.kind)) relocate_vector(desc, arg, address, out);
    if (desc.kind == Kind::in && arg.place == Place::slot) relocate_pointers(*desc.element, address, out);
  }
  for (size_t index = 0; index < call.arg_count; ++index) {
    const ArgDesc& desc = call.arg_array[index];
    if (!desc.sized) continue;
    const uint64_t size = std::min(out.registers[desc.reg + 1u], page_size);
    for (Extent& extent : out.extents) {
      if (extent.address == out.registers[desc.reg]) extent.size = std::max(extent.size, size);
    }
  }
  out.bytes.resize(std::min<size_t>(out.bytes.size() + guard_size, room_), guard_byte);
}

uint64_t Layouter::scalar(const ArgDesc& desc, const Arg& arg) const {
  if (arg.form == Form::literal) return arg.value;
  const auto value = static_cast<uint64_t>(value_of(arg.ref));
  return desc.kind == Kind::address ? value + arg.value : value;
}

// Finds a place for an object of `size` bytes, fills it, and returns its address.
uint64_t Layouter::place(const ArgDesc& desc, const Arg& arg, size_t size, Layout& out) {
  const bool readable_only = !is_written(desc.kind);
  switch (arg.place) {
    case Place::slot: break;
    case Place::null: return 0;
    case Place::unmapped: return unmapped_base;
    case Place::beyond: return beyond_base;
    case Place::mapping: return static_cast<uint64_t>(value_of(arg.ref)) + (desc.regs == 2 ? 0 : arg.value);
    case Place::read_only:
    case Place::edge: {
      // So many bytes of it are there. Counted objects say with their count how far they run over the edge.
      const uint64_t there = std::min<uint64_t>(desc.regs == 2 ? arg.blob_size : arg.value, 4096);
      const uint64_t edge = readable_only ? unmapped_base : read_only_base;
      const uint64_t address = arg.place == Place::edge ? edge - there : read_only_base;
      const auto bytes = blob(arg);
      const size_t room = arg.place == Place::edge ? there : 4096;
      if (!is_only_written(desc.kind)) out.stores.push_back({address, bytes.first(std::min(bytes.size(), room))});
      return address;
    }
  }
  constexpr size_t alignment = 8;
  size_t offset = (out.bytes.size() + guard_size + alignment - 1) / alignment * alignment;
  if (offset + guard_size > room_) offset = out.bytes.size();  // full: an empty slot at the end
  size = std::min(size, static_cast<size_t>(room_) - std::min<size_t>(room_, offset + guard_size));
  out.bytes.resize(offset + size, guard_byte);
  if (is_only_written(desc.kind)) return out.base + offset;
  const auto bytes = blob(arg);
  const auto slot = std::span(out.bytes).subspan(offset);
  const size_t count = std::min(bytes.size(), slot.size());
  std::ranges::copy(bytes.first(count), slot.begin());
  std::ranges::fill(slot.subspan(count), std::byte{0});
  if (desc.element != nullptr) resolve_fields(*desc.element, slot);
  return out.base + offset;
}

std::span<const std::byte> Layouter::blob(const Arg& arg) const {
  const std::span<const std::byte> all = program_->blob;
  const size_t offset = std::min<size_t>(arg.blob_offset, all.size());
  return all.subspan(offset, std::min<size_t>(arg.blob_size, all.size() - offset));
}

// Fields that hold codes of references get what these stand for.
void Layouter::resolve_fields(const interface::StructDesc& element, std::span<std::byte> bytes) const {
  for (const interface::FieldDesc& field : element.fields) {
    if (field.size != sizeof(int32_t) || (field.kind != Kind::fd && field.kind != Kind::dir_fd && field.kind != Kind::task)) continue;
    for (size_t at = field.offset; at + field.size <= bytes.size(); at += element.size) {
      int32_t number = 0;
      std::memcpy(&number, bytes.data() + at, sizeof(number));
      if (!is_ref_code(number)) continue;
      number = static_cast<int32_t>(value_of(ref_of(number)));
      std::memcpy(bytes.data() + at, &number, sizeof(number));
    }
  }
}

// What a struct points at lies behind it, as what a vector's elements point at lies behind them.
void Layouter::relocate_pointers(const interface::StructDesc& element, uint64_t address, Layout& out) const {
  const size_t start = address - out.base;
  if (start + element.size > out.bytes.size()) return;
  for (size_t index = 0; index < element.fields.size(); ++index) {
    if (!points_at_bytes(element, index)) continue;
    uint64_t pointer = 0;
    uint32_t size = 0;
    std::byte* const at = out.bytes.data() + start + element.fields[index].offset;
    std::memcpy(&pointer, at, sizeof(pointer));
    std::memcpy(&size, out.bytes.data() + start + element.fields[index + 1].offset, sizeof(size));
    if (pointer < vector_offset_max) pointer += address + element.size;
    std::memcpy(at, &pointer, sizeof(pointer));
    out.extents.push_back({pointer, size, true, true});
    if (pointer < out.base) continue;
    const uint64_t end = pointer - out.base + std::min<uint64_t>(size, buffer_max);
    if (end > out.bytes.size() && end + guard_size <= room_) out.bytes.resize(end, guard_byte);
  }
}

void Layouter::relocate_vector(const ArgDesc& desc, const Arg& arg, uint64_t address, Layout& out) {
  const bool here = arg.place == Place::slot && address >= out.base;
  const size_t array = here ? address - out.base : 0;
  const size_t count = here ? std::min(vector_elements(arg), (out.bytes.size() - array) / sizeof(IoVec)) : 0;
  const uint64_t data = address + vector_elements(arg) * sizeof(IoVec);
  for (size_t index = 0; index < count; ++index) {
    IoVec element{};
    std::byte* const at = out.bytes.data() + array + index * sizeof(IoVec);
    std::memcpy(&element, at, sizeof(element));
    if (element.base < vector_offset_max) element.base += data;
    std::memcpy(at, &element, sizeof(element));
    out.extents.push_back({element.base, element.size, desc.kind == Kind::in_vector, desc.kind == Kind::out_vector});
    // Elements that lie in the room have all of it in the slot.
    if (element.base < out.base) continue;
    const uint64_t end = element.base - out.base + std::min<uint64_t>(element.size, buffer_max);
    if (end > out.bytes.size() && end + guard_size <= room_) out.bytes.resize(end, guard_byte);
  }
}

void Layouter::record(size_t step_index, const Layout& layout, int64_t value, std::span<const std::byte> after) {
  StepResults& results = results_[step_index];
  results.known = true;
  results.values.fill(-1);
  results.values[0] = value;
  if (value < 0) return;
  size_t next = 1;
  const Step& step = program_->steps[step_index];
  const interface::CallDesc& call = call_of(step);
  for (size_t index = 0; index < call.arg_count; ++index) {
    const ArgDesc& desc = call.arg_array[index];
    if ((desc.kind != Kind::out && desc.kind != Kind::in_out) || desc.element == nullptr) continue;
    for (const interface::FieldDesc& field : desc.element->fields) {
      if (field.kind != Kind::new_fd || next == results.values.size()) continue;
      const uint64_t offset = layout.objects[index] - layout.base + field.offset;
      int32_t number = -1;
      if (step.args[index].place == Place::slot && offset + sizeof(number) <= after.size()) {
        std::memcpy(&number, after.data() + offset, sizeof(number));
      }
      results.values[next++] = number;
    }
  }
}

int64_t Layouter::value_of(ResultRef ref) const {
  if (ref.step >= results_.size() || !results_[ref.step].known || ref.slot > fields_max) return -1;
  return results_[ref.step].values[ref.slot];
}

}  // namespace cupel::fuzz
