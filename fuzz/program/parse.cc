#include <fmt/format.h>

#include "fuzz/program/normal_form.hh"
#include "fuzz/program/parse_argument.hh"
#include "fuzz/program/words.hh"
#include "libos/base/result.hh"

namespace cupel::fuzz {
namespace {

class Parser {
 public:
  explicit Parser(const Grammar& grammar) : grammar_(grammar), arguments_(grammar, labels_, out_.warnings) {}

  std::expected<Parsed, ParseError> parse(std::string_view text) {
    for (size_t number = 1; !text.empty(); ++number) {
      const size_t end = text.find('\n');
      Cursor in(text.substr(0, end), number);
      TRY(line(in));
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    place_circumstances();
    settle_circumstances(grammar_, out_.program);
    return std::move(out_);
  }

 private:
  using Parse = std::expected<void, ParseError>;
  Program& program() { return out_.program; }

  Parse line(Cursor& in) {
    if (in.at_end()) return {};
    if (in.accept("@")) TRY(directive(in));
    else TRY(call(in));
    return in.at_end() ? Parse{} : in.expected("the end of the line");
  }

  Parse call(Cursor& in) {
    size_t start = in.at();
    std::optional<uint64_t> label;
    std::string_view name = in.word();
    if (in.accept("=")) {
      label = label_in(name);
      if (!label) return in.error_at(start, "a label is r and a number");
      if (labels_.knows(*label)) return in.error_at(start, fmt::format("r{} stands for an earlier line", *label));
      start = in.at();
      name = in.word();
    }
    if (name.empty()) return in.expected("a call, a directive or a comment");
    TRY(in.expect("("));
    const auto index = grammar_.find(name);
    if (!index) {
      out_.warnings.push_back(ParseError{in.line_number(), start + 1, fmt::format("there is no call {}: skipped", name)}.text());
      steps_.push_back(std::nullopt);
      if (label) labels_.define(*label, std::nullopt);
      in.skip_to_any("");
      return {};
    }
    if (program().steps.size() == steps_max) return in.error_at(start, fmt::format("a program has at most {} calls", steps_max));
    Step step{.call = *index};
    const auto at = static_cast<uint16_t>(program().steps.size());
    TRY(arguments_.arguments(in, program(), at, step));
    if (in.accept("=")) in.skip_to_any(";");  // what it answered
    if (in.accept(";")) {
      if (!in.accept_word("task")) return in.expected("'task'");
      step.task = static_cast<uint8_t>(TRY(in.number_up_to(tasks_max - 1u, "a task's number")));
    }
    program().steps.push_back(step);
    steps_.push_back(at);
    if (label) labels_.define(*label, at);
    return {};
  }

  static std::optional<uint64_t> label_in(std::string_view word) {
    if (word.size() < 2 || word[0] != 'r' || word.size() > 10) return std::nullopt;
    uint64_t label = 0;
    for (const char c : word.substr(1)) {
      if (c < '0' || c > '9') return std::nullopt;
      label = label * 10 + static_cast<uint64_t>(c - '0');
    }
    return label;
  }

  Parse directive(Cursor& in) {
    const size_t start = in.at();
    const std::string_view name = in.word();
    if (name == "policy") return policy(in);
    if (name == "schedule") return schedule(in);
    if (name == "fault") return fault(in);
    if (name == "tamper") return tamper(in);
    return in.error_at(start, fmt::format("'{}' is none of @policy, @schedule, @fault, @tamper", name));
  }

  template <class E>
  static Parse enumerator(Cursor& in, std::string_view what, E& out) {
    const auto value = from_word<E>(in.peek_word());
    if (!value) return in.expected(what);
    in.word();
    out = *value;
    return {};
  }
  Parse policy(Cursor& in) {
    TRY(enumerator(in, "allow_all, deny_all or mixed", program().policy));
    return settings(in);
  }
  Parse schedule(Cursor& in) {
    TRY(enumerator(in, "in_order, random or pct", program().scheduling));
    return settings(in);
  }
  Parse settings(Cursor& in) {
    for (;;) {
      if (in.accept_word("seed")) {
        TRY(in.expect("="));
        program().seed = static_cast<uint32_t>(TRY(in.number_up_to(UINT32_MAX, "a seed")));
      } else if (in.accept_word("depth")) {
        TRY(in.expect("="));
        program().pct_depth = static_cast<uint8_t>(TRY(in.number_up_to(UINT8_MAX, "a depth")));
      } else {
        return {};
      }
    }
  }

  static Parse expect_words(Cursor& in, std::string_view all) {
    while (!all.empty()) {
      const size_t end = std::min(all.find(' '), all.size());
      if (!in.accept_word(all.substr(0, end))) return in.expected(fmt::format("'{}'", all.substr(0, end)));
      all.remove_prefix(std::min(end + 1, all.size()));
    }
    return {};
  }
  Parse fault(Cursor& in) {
    Fault fault;
    TRY(enumerator(in, "allocation, copy or wait", fault.kind));
    fault.nth = static_cast<uint16_t>(TRY(in.number_up_to(UINT16_MAX, "a fault's number")));
    TRY(expect_words(in, "at call"));
    fault.step = static_cast<uint16_t>(TRY(in.number_up_to(UINT16_MAX, "a call's number")));
    if (program().faults.size() == faults_max) return in.error(fmt::format("a program has at most {} faults", faults_max));
    program().faults.push_back(fault);
    fault_lines_.push_back(in.line_number());
    return {};
  }
  Parse tamper(Cursor& in) {
    Tamper tamper;
    TRY(expect_words(in, "call"));
    tamper.step = static_cast<uint16_t>(TRY(in.number_up_to(UINT16_MAX, "a call's number")));
    TRY(expect_words(in, "argument"));
    tamper.arg = static_cast<uint8_t>(TRY(in.number_up_to(UINT8_MAX, "an argument's number")));
    TRY(expect_words(in, "byte"));
    tamper.offset = static_cast<uint16_t>(TRY(in.number_up_to(UINT16_MAX, "a byte's number")));
    TRY(in.expect("="));
    tamper.value = static_cast<uint8_t>(TRY(in.number_up_to(UINT8_MAX, "a byte")));
    if (program().tampers.size() == tampers_max) return in.error(fmt::format("a program has at most {} tampers", tampers_max));
    program().tampers.push_back(tamper);
    tamper_lines_.push_back(in.line_number());
    return {};
  }

  // From the count of call lines to steps: calls that were skipped count, their faults are dropped.
  void place_circumstances() {
    const auto place = [&](auto& list, const std::vector<size_t>& lines, std::string_view what) {
      auto line = lines.begin();
      std::erase_if(list, [&](auto& entry) {
        const bool there = entry.step < steps_.size() && steps_[entry.step];
        if (there) entry.step = *steps_[entry.step];
        else out_.warnings.push_back(ParseError{*line, 2, fmt::format("there is no call {}: its {} is skipped", entry.step, what)}.text());
        ++line;
        return !there;
      });
    };
    place(program().faults, fault_lines_, "fault");
    place(program().tampers, tamper_lines_, "tampering");
  }

  const Grammar& grammar_;
  Parsed out_;
  Labels labels_;
  std::vector<std::optional<uint16_t>> steps_;  // by line that holds a call
  std::vector<size_t> fault_lines_, tamper_lines_;
  ArgumentParser arguments_;
};

}  // namespace

std::expected<Parsed, ParseError> parse(const Grammar& grammar, std::string_view text) { return Parser(grammar).parse(text); }

}  // namespace cupel::fuzz
