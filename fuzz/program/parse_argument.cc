#include "fuzz/program/parse_argument.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "fuzz/program/normal_form.hh"
#include "fuzz/program/value_text.hh"
#include "fuzz/program/words.hh"
#include "libos/interface/args.hh"

namespace cupel::fuzz {

using interface::ArgDesc;
using interface::Kind;
using interface::NamedValue;

void ArgumentParser::warn(Cursor& in, std::string_view message) { warnings_.push_back(ParseError{in.line_number(), in.at() + 1, std::string(message)}.text()); }

std::expected<void, ParseError> ArgumentParser::arguments(Cursor& in, Program& program, size_t index, Step& step) {
  const interface::CallDesc& call = grammar_.call(step.call);
  bool more = !in.accept(")");
  for (size_t at = 0; at < call.arg_count; ++at) {
    const ArgDesc& desc = call.arg_array[at];
    bytes_.clear();
    elements_ = 0;
    Arg arg;
    if (more) arg = TRY(argument(in, desc));
    const bool comma = more && in.accept(",");
    if (is_counted(shape_of(desc.kind))) {
      arg.value = shape_of(desc.kind) == Shape::vector ? elements_ : natural_count(desc, arg);
      if (comma) {
        arg.value = TRY(value(in, Kind::size, {}));
        if (!in.accept(",")) TRY(in.expect(")")), more = false;
      } else if (more) {
        TRY(in.expect(")")), more = false;
      }
    } else if (more && !comma) {
      TRY(in.expect(")")), more = false;
    }
    settle(grammar_, desc, index, bytes_, arg, program);
    step.args[at] = arg;
  }
  if (!more) return {};
  warn(in, fmt::format("{} has no more arguments: skipped", call.name));
  do TRY(in.skip_value());
  while (in.accept(","));
  return in.expect(")");
}

std::expected<Arg, ParseError> ArgumentParser::argument(Cursor& in, const ArgDesc& desc) {
  const Shape shape = shape_of(desc.kind);
  return shape == Shape::scalar ? scalar(in, desc) : pointer(in, desc, shape);
}

bool ArgumentParser::reference_comes(Cursor& in) const {
  const std::string_view word = in.peek_word();
  return word.size() > 1 && word[0] == 'r' && std::ranges::all_of(word.substr(1), [](char c) { return c >= '0' && c <= '9'; });
}

std::expected<std::optional<ResultRef>, ParseError> ArgumentParser::reference(Cursor& in) {
  const size_t start = in.at();
  in.accept("r");
  uint64_t label = 0;
  for (const char c : in.digits()) label = std::min<uint64_t>(label * 10 + static_cast<uint64_t>(c - '0'), UINT32_MAX);
  if (!labels_.knows(label)) return in.error_at(start, fmt::format("no line before bears the label r{}", label));
  uint64_t slot = 0;
  if (in.accept(".")) slot = TRY(in.number_up_to(UINT8_MAX, "a result's number"));
  const auto step = labels_.step(label);
  if (!step) return std::nullopt;
  return ResultRef{*step, static_cast<uint8_t>(slot)};
}

// +N or -N, or nothing.
std::expected<uint64_t, ParseError> ArgumentParser::offset(Cursor& in) {
  if (in.accept("+")) return in.number();
  return in.peek() == '-' ? in.number() : uint64_t{0};
}

std::expected<Arg, ParseError> ArgumentParser::scalar(Cursor& in, const ArgDesc& desc) {
  if (!reference_comes(in)) return Arg{.value = TRY(value(in, desc.kind, desc.values))};
  const auto ref = TRY(reference(in));
  const uint64_t added = TRY(offset(in));
  if (!ref) return Arg{.value = ~uint64_t{0}};
  return Arg{.value = added, .form = Form::result, .ref = *ref};
}

std::expected<uint64_t, ParseError> ArgumentParser::value(Cursor& in, Kind kind, std::span<const NamedValue> values) {
  uint64_t all = TRY(term(in, kind, values));
  while (in.accept("|")) all |= TRY(term(in, kind, values));
  return all;
}

std::expected<uint64_t, ParseError> ArgumentParser::term(Cursor& in, Kind kind, std::span<const NamedValue> values) {
  const std::string_view name = in.peek_word();
  if (name.empty()) return in.peek() == '-' || in.digit_comes() ? in.number() : in.expected("a number, a name or a reference");
  if (kind == Kind::dir_fd && in.accept_word(at_cwd_name)) return at_cwd;
  const auto found = std::ranges::find(values, name, &NamedValue::name);
  if (found == values.end()) {
    if (values.empty()) return in.error(fmt::format("expected a number, got '{}'", name));
    std::vector<std::string_view> known;
    for (const NamedValue& value : values) known.push_back(value.name);
    return in.error(fmt::format("'{}' is none of {}", name, fmt::join(known, ", ")));
  }
  in.word();
  return found->value;
}

std::expected<Arg, ParseError> ArgumentParser::pointer(Cursor& in, const ArgDesc& desc, Shape shape) {
  Arg arg;
  if (reference_comes(in)) {
    const auto ref = TRY(reference(in));
    arg.value = TRY(offset(in));
    arg.place = ref ? Place::mapping : Place::unmapped;
    if (ref) arg.ref = *ref;
    return arg;
  }
  const auto place = from_word<Place>(in.peek_word());
  if (!place || *place == Place::slot || *place == Place::mapping) {
    TRY(object(in, desc, shape, arg));
    return arg;
  }
  in.word();
  arg.place = *place;
  if (!has_object(*place)) return arg;
  TRY(in.expect("("));
  TRY(object(in, desc, shape, arg));
  TRY(in.expect(")"));
  if (*place == Place::edge && !is_counted(shape)) arg.value = TRY(offset(in));
  return arg;
}

std::expected<void, ParseError> ArgumentParser::object(Cursor& in, const ArgDesc& desc, Shape shape, Arg& arg) {
  switch (shape) {
    case Shape::output:
      if (!in.accept_word(output_word)) return in.expected("'out', a place or a reference");
      break;
    case Shape::room:
      TRY(in.expect("["));
      arg.blob_size = static_cast<uint32_t>(TRY(in.number_up_to(buffer_max, "the room for a buffer")));
      return in.expect("]");
    case Shape::object: TRY(record(in, *desc.element)); break;
    case Shape::text: TRY(in.bytes(true, bytes_)); break;
    case Shape::bytes: TRY(in.bytes(false, bytes_)); break;
    case Shape::vector: elements_ = TRY(records(in, interface::struct_desc<interface::IoVec>)); break;
    case Shape::array: elements_ = TRY(records(in, *desc.element)); break;
    case Shape::scalar: break;
  }
  if (bytes_.size() > buffer_max) return in.error(fmt::format("an argument has at most {} bytes", buffer_max));
  arg.blob_size = static_cast<uint32_t>(bytes_.size());
  return {};
}

std::expected<void, ParseError> ArgumentParser::record(Cursor& in, const interface::StructDesc& element) {
  const size_t start = bytes_.size();
  bytes_.resize(start + element.size);
  TRY(in.expect("{"));
  bool more = !in.accept("}");
  for (size_t index = 0; more; ++index) {
    if (index >= element.fields.size()) {
      warn(in, fmt::format("{} has no more fields: skipped", element.name));
      TRY(in.skip_value());
    } else {
      const interface::FieldDesc& field = element.fields[index];
      uint64_t number = 0;
      if (is_reference_field(field) && reference_comes(in)) {
        const auto ref = TRY(reference(in));
        number = static_cast<uint64_t>(ref ? ref_code(*ref) : -1);
      } else {
        number = TRY(value(in, field.kind, field.values));
      }
      std::memcpy(bytes_.data() + start + field.offset, &number, std::min<size_t>(field.size, sizeof(number)));
    }
    more = in.accept(",");
    if (!more) TRY(in.expect("}"));
  }
  return {};
}

// The structs in brackets, and the bytes behind them; how many structs.
std::expected<size_t, ParseError> ArgumentParser::records(Cursor& in, const interface::StructDesc& element) {
  size_t count = 0;
  TRY(in.expect("["));
  bool more = !in.accept("]");
  for (; more; ++count) {
    TRY(record(in, element));
    if (bytes_.size() > buffer_max) return in.error(fmt::format("an argument has at most {} bytes", buffer_max));
    more = in.accept(",");
    if (!more) TRY(in.expect("]"));
  }
  if (in.peek() == '{' || in.peek() == '"') TRY(in.bytes(false, bytes_));
  return count;
}

}  // namespace cupel::fuzz
