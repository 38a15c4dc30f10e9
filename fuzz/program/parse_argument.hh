#pragma once
#include <map>

#include "fuzz/program/cursor.hh"

// Reading arguments, guided by what the call's description says of them.
namespace cupel::fuzz {

// What the labels of a program's lines stand for.
class Labels {
 public:
  void define(uint64_t label, std::optional<uint16_t> step) { steps_[label] = step; }
  bool knows(uint64_t label) const { return steps_.contains(label); }
  // Nothing for a call that was skipped.
  std::optional<uint16_t> step(uint64_t label) const { return steps_.at(label); }

 private:
  std::map<uint64_t, std::optional<uint16_t>> steps_;
};

class ArgumentParser {
 public:
  ArgumentParser(const Grammar& grammar, const Labels& labels, std::vector<std::string>& warnings) : grammar_(grammar), labels_(labels), warnings_(warnings) {}

  // Everything between the brackets of a call, the closing one included, into `step`, which is step `index` of
  // `program` and is settled in it.
  std::expected<void, ParseError> arguments(Cursor& in, Program& program, size_t index, Step& step);

 private:
  template <class T>
  using Parse = std::expected<T, ParseError>;

  // Appends what the argument's object holds to bytes_.
  Parse<Arg> argument(Cursor& in, const interface::ArgDesc& desc);
  Parse<Arg> scalar(Cursor& in, const interface::ArgDesc& desc);
  Parse<Arg> pointer(Cursor& in, const interface::ArgDesc& desc, Shape shape);
  Parse<void> object(Cursor& in, const interface::ArgDesc& desc, Shape shape, Arg& arg);
  Parse<void> record(Cursor& in, const interface::StructDesc& element);
  Parse<size_t> records(Cursor& in, const interface::StructDesc& element);
  Parse<uint64_t> value(Cursor& in, interface::Kind kind, std::span<const interface::NamedValue> values);
  Parse<uint64_t> term(Cursor& in, interface::Kind kind, std::span<const interface::NamedValue> values);
  Parse<std::optional<ResultRef>> reference(Cursor& in);
  Parse<uint64_t> offset(Cursor& in);
  bool reference_comes(Cursor& in) const;
  void warn(Cursor& in, std::string_view message);

  const Grammar& grammar_;
  const Labels& labels_;
  std::vector<std::string>& warnings_;
  std::vector<std::byte> bytes_;
  size_t elements_ = 0;  // structs of the array just read
};

}  // namespace cupel::fuzz
