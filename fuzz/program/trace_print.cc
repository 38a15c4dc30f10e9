#include "fuzz/program/trace_print.hh"

#include <algorithm>
#include <optional>

#include "fuzz/program/grammar.hh"
#include "fuzz/program/value_text.hh"

namespace cupel::fuzz {

using interface::ArgDesc;
using interface::IoVec;
using interface::Kind;
using interface::StructDesc;

namespace {

constexpr size_t bytes_shown_max = 32;
constexpr size_t text_shown_max = 256;
constexpr uint64_t elements_shown_max = 8;

class TraceLine {
 public:
  TraceLine(const interface::Invocation& invocation, const interface::Outcome& outcome) : invocation_(invocation), outcome_(outcome) {}

  std::string text() {
    const interface::CallDesc& call = *invocation_.desc;
    append(out_, "{}(", call.name);
    for (size_t at = 0; at < call.arg_count; ++at) {
      if (at != 0) out_ += ", ";
      const ArgDesc& desc = call.arg_array[at];
      argument(desc, invocation_.registers[desc.reg], desc.regs == 2 ? invocation_.registers[desc.reg + 1u] : 0);
    }
    out_ += ") = ";
    result(call);
    return std::move(out_);
  }

 private:
  bool succeeded() const { return outcome_.kind == interface::Outcome::Kind::returned && outcome_.value >= 0; }

  void result(const interface::CallDesc& call) {
    if (outcome_.kind == interface::Outcome::Kind::blocked) return static_cast<void>(out_ += "? (sleeps)");
    if (outcome_.kind == interface::Outcome::Kind::ended) return static_cast<void>(out_ += "? (ends)");
    const int64_t value = outcome_.value;
    if (value < 0 && value >= -4095) append(out_, "-1 {}", errno_name(Errno(static_cast<uint16_t>(-value))));
    else if (call.result == Kind::address) append(out_, "{:#x}", static_cast<uint64_t>(value));
    else append(out_, "{}", value);
  }

  // Memory before the call. Fewer than asked for where the guest has no more.
  std::vector<std::byte> before(uint64_t address, size_t size) const {
    std::vector<std::byte> bytes(size);
    bytes.resize(invocation_.memory->copy_in(address, bytes));
    return bytes;
  }
  // Memory after the call, where a slot covers it.
  std::optional<std::vector<std::byte>> after(uint64_t address, size_t size) const {
    for (const interface::Slot& slot : outcome_.slots) {
      if (address < slot.address || address - slot.address > slot.after.size()) continue;
      const auto bytes = slot.after.subspan(address - slot.address);
      if (bytes.size() < size) continue;
      return std::vector(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    }
    return std::nullopt;
  }

  void address(uint64_t value) {
    if (value == 0) out_ += "NULL";
    else append(out_, "{:#x}", value);
  }

  void argument(const ArgDesc& desc, uint64_t value, uint64_t count) {
    const Shape shape = shape_of(desc.kind);
    if (shape == Shape::scalar) return scalar(desc, value);
    if (value == 0) out_ += "NULL";
    else pointer(desc, shape, value, count);
    if (!is_counted(shape)) return;
    out_ += ", ";
    print_number(count, out_);
  }
  void scalar(const ArgDesc& desc, uint64_t value) {
    // The upper half of the register means nothing for a descriptor.
    const bool is_descriptor = desc.kind == Kind::fd || desc.kind == Kind::dir_fd;
    if (is_descriptor) value = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(static_cast<uint32_t>(value))));
    print_value(desc.kind, desc.values, value, out_);
  }

  void pointer(const ArgDesc& desc, Shape shape, uint64_t at, uint64_t count) {
    switch (shape) {
      case Shape::object:
      case Shape::output:
      case Shape::array: return records(desc, shape, at, shape == Shape::array ? count : 1);
      case Shape::text: return text(at);
      case Shape::bytes: return bytes(before(at, std::min<uint64_t>(count, bytes_shown_max)), count, at);
      case Shape::room: return room(at, count);
      case Shape::vector: return vector(desc, at, count);
      case Shape::scalar: return;
    }
  }

  // The bytes that could be read of `size`.
  void bytes(const std::vector<std::byte>& shown, uint64_t size, uint64_t at) {
    if (shown.empty() && size != 0) return address(at);
    print_bytes(shown, out_);
    if (shown.size() < size) out_ += "...";
  }
  void text(uint64_t at) {
    auto shown = before(at, text_shown_max);
    const auto end = std::ranges::find(shown, std::byte{0});
    if (end == shown.end()) return bytes(shown, shown.size() + 1, at);
    shown.erase(end + 1, shown.end());
    print_text(shown, out_);
  }
  // What was read from a descriptor: as many bytes as the call says.
  void room(uint64_t at, uint64_t count) {
    const uint64_t size = succeeded() ? std::min(static_cast<uint64_t>(outcome_.value), count) : 0;
    const auto shown = size == 0 ? std::nullopt : after(at, std::min<uint64_t>(size, bytes_shown_max));
    if (shown) bytes(*shown, size, at);
    else address(at);
  }

  void records(const ArgDesc& desc, Shape shape, uint64_t at, uint64_t count) {
    const StructDesc& element = *desc.element;
    const size_t size = static_cast<size_t>(std::min(count, elements_shown_max)) * element.size;
    const bool is_written = desc.kind == Kind::out || desc.kind == Kind::in_out || desc.kind == Kind::in_out_array;
    const auto now = is_written && succeeded() ? after(at, size) : std::nullopt;
    const auto was = desc.kind == Kind::out ? std::vector<std::byte>{} : before(at, size);
    if (was.size() < size && !now) return address(at);
    if (was.size() == size) list(element, shape, was, count);
    if (!now || *now == was) return;
    if (was.size() == size) out_ += " => ";
    list(element, shape, *now, count);
  }
  void list(const StructDesc& element, Shape shape, std::span<const std::byte> bytes, uint64_t count) {
    if (shape != Shape::array) return record(element, bytes);
    out_ += '[';
    for (size_t offset = 0; offset < bytes.size(); offset += element.size) {
      if (offset != 0) out_ += ", ";
      record(element, bytes.subspan(offset, element.size));
    }
    out_ += count > elements_shown_max ? ", ...]" : "]";
  }
  void record(const StructDesc& element, std::span<const std::byte> bytes) {
    out_ += '{';
    for (const auto& field : element.fields) {
      if (&field != element.fields.data()) out_ += ", ";
      print_field(field, field_of(field, bytes), out_);
    }
    out_ += '}';
  }

  void vector(const ArgDesc& desc, uint64_t at, uint64_t count) {
    const auto array = before(at, static_cast<size_t>(std::min(count, elements_shown_max)) * sizeof(IoVec));
    if (array.size() < sizeof(IoVec) && count != 0) return address(at);
    uint64_t left = succeeded() ? static_cast<uint64_t>(outcome_.value) : 0;  // of what was read into them
    out_ += '[';
    for (size_t offset = 0; offset + sizeof(IoVec) <= array.size(); offset += sizeof(IoVec)) {
      IoVec part{};
      std::ranges::copy(std::span(array).subspan(offset, sizeof(part)), std::as_writable_bytes(std::span(&part, 1)).begin());
      out_ += offset == 0 ? "{" : ", {";
      if (desc.kind == Kind::in_vector) {
        bytes(before(part.base, std::min<uint64_t>(part.size, bytes_shown_max)), part.size, part.base);
      } else {
        const uint64_t size = std::min(left, part.size);
        left -= size;
        const auto shown = size == 0 ? std::nullopt : after(part.base, std::min<uint64_t>(size, bytes_shown_max));
        if (shown) bytes(*shown, size, part.base);
        else address(part.base);
      }
      append(out_, ", {}}}", part.size);
    }
    out_ += count > elements_shown_max ? ", ...]" : "]";
  }

  const interface::Invocation& invocation_;
  const interface::Outcome& outcome_;
  std::string out_;
};

}  // namespace

std::string trace_line(const interface::Invocation& invocation, const interface::Outcome& outcome) { return TraceLine(invocation, outcome).text(); }

}  // namespace cupel::fuzz
