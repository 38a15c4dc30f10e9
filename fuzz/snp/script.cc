#include "fuzz/snp/script.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace cupel::fuzz::snp {

using mock_snp::Act;
using mock_snp::ActKind;
using mock_snp::When;

namespace {

constexpr std::array<std::string_view, mock_snp::act_kinds> snp_act_names{
    "answer", "flip", "info_1", "info_2", "current", "end", "header_reserved", "entry", "partial", "ignore", "remap", "assign",
    "unassign", "smash", "drop", "mark_mmio", "resume", "stall", "poke", "invalid", "reg", "write_page", "post", "signal",
    "trap", "start", "no_entropy", "time", "refuse", "replay", "damage", "serve", "lose_store", "skip", "splice", "read_only"};
constexpr std::array<std::string_view, mock_snp::when_kinds> snp_when_names{"before_exit", "after_exit", "before_load", "before_pvalidate", "before_step"};

constexpr size_t act_size = 20;

// How many bytes an argument takes in the engines' form.
size_t width_of(const ArgDesc& arg) { return arg.bound == 0 ? 8 : arg.bound <= 0x100 ? 1 : arg.bound <= 0x1'0000 ? 2 : 8; }

template <class T>
T take(ByteView& bytes) {
  T value{};
  const size_t size = std::min(sizeof value, bytes.size());
  if (size > 0) std::memcpy(&value, bytes.data(), size);
  bytes = bytes.subspan(size);
  return value;
}
uint64_t take_bytes(ByteView& bytes, size_t width) {
  const size_t size = std::min(width, bytes.size());
  uint64_t value = 0;
  if (size > 0) std::memcpy(&value, bytes.data(), size);
  bytes = bytes.subspan(size);
  return value;
}
template <class T>
void put(Bytes& bytes, T value) {
  const auto* first = reinterpret_cast<const uint8_t*>(&value);  // SAFETY: the bytes of a plain number
  bytes.insert(bytes.end(), first, first + sizeof value);
}

// A cursor over one line, for errors that say where.
class Line {
 public:
  Line(std::string_view text, size_t number) : whole_(text), rest_(text), number_(number) {}
  std::string_view word() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    const auto end = std::min(rest_.find_first_of(" ="), rest_.size());
    const auto found = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return found;
  }
  std::expected<uint64_t, std::string> number() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    const bool hex = rest_.starts_with("0x");
    const auto* begin = rest_.data() + (hex ? 2 : 0);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(begin, rest_.data() + rest_.size(), value, hex ? 16 : 10);
    if (error != std::errc{}) return wrong("a number");
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }
  std::expected<uint64_t, std::string> value_of(std::string_view key) {
    if (word() != key || !rest_.starts_with('=')) return wrong(std::string(key) + "=NUMBER");
    rest_.remove_prefix(1);
    return number();
  }
  bool ended() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\r')) rest_.remove_prefix(1);
    return rest_.empty() || rest_.front() == '#';
  }
  std::unexpected<std::string> wrong(const std::string& expected) const {
    return std::unexpected(fmt::format("{}:{}: expected {}", number_, whole_.size() - rest_.size() + 1, expected));
  }

 private:
  std::string_view whole_, rest_;
  size_t number_;
};

std::string one_of(std::span<const std::string_view> names) {
  return fmt::format("one of {}", fmt::join(names, ", "));
}
std::string one_of(const Grammar& grammar) {
  std::string all;
  for (const StepDesc& step : grammar.steps) all += fmt::format("{}{}", all.empty() ? "one of " : ", ", step.name);
  return all;
}

std::expected<void, std::string> parse_act(const Grammar& grammar, Line& line, Script& script) {
  const auto& [when_names, act_names, make, tale] = *grammar.vocabulary;
  Act act;
  const auto when = std::ranges::find(when_names, line.word().substr(1));
  if (when == when_names.end()) return line.wrong("@ and " + one_of(when_names));
  act.when = static_cast<When>(when - when_names.begin());
  auto nth = line.number();
  if (!nth) return std::unexpected(nth.error());
  act.nth = static_cast<uint16_t>(*nth);
  const auto kind = std::ranges::find(act_names, line.word());
  if (kind == act_names.end()) return line.wrong(one_of(act_names));
  act.kind = static_cast<ActKind>(kind - act_names.begin());
  for (auto& [key, place] : {std::pair<std::string_view, uint64_t*>{"a", &act.a}, {"b", &act.b}}) {
    if (line.ended()) break;
    auto value = line.value_of(key);
    if (!value) return std::unexpected(value.error());
    *place = *value;
  }
  if (!line.ended()) return line.wrong("the end of the line");
  script.acts.push_back(act);
  return {};
}

std::expected<void, std::string> parse_step(const Grammar& grammar, Line& line, std::string_view name, Script& script) {
  const auto found = std::ranges::find(grammar.steps, name, &StepDesc::name);
  if (found == grammar.steps.end()) return line.wrong(one_of(grammar));
  GuestStep step{static_cast<uint8_t>(found - grammar.steps.begin())};
  for (size_t index = 0; index < found->arg_count() && !line.ended(); ++index) {
    auto value = line.value_of(found->args[index].name);
    if (!value) return std::unexpected(value.error());
    step.args[index] = *value;
  }
  if (!line.ended()) return line.wrong("the end of the line");
  script.steps.push_back(step);
  return {};
}

}  // namespace

const Vocabulary snp_vocabulary{snp_when_names, snp_act_names};

void normalise(const Grammar& grammar, Script& script) {
  if (script.steps.size() > steps_max) script.steps.resize(steps_max);
  if (script.acts.size() > acts_max) script.acts.resize(acts_max);
  for (GuestStep& step : script.steps) {
    step.kind = static_cast<uint8_t>(step.kind % grammar.steps.size());
    const StepDesc& desc = grammar.steps[step.kind];
    for (size_t index = 0; index < args_max; ++index) {
      if (index >= desc.arg_count()) step.args[index] = 0;
      else if (desc.args[index].bound != 0) step.args[index] %= desc.args[index].bound;
    }
  }
  for (Act& act : script.acts) {
    act.when = static_cast<When>(static_cast<size_t>(act.when) % grammar.vocabulary->when_names.size());
    act.kind = static_cast<ActKind>(static_cast<size_t>(act.kind) % grammar.vocabulary->act_names.size());
  }
}

Script decode(const Grammar& grammar, ByteView bytes) {
  Script script;
  for (size_t count = take<uint8_t>(bytes) % (steps_max + 1); count > 0 && !bytes.empty(); --count) {
    GuestStep& step = script.steps.emplace_back();
    step.kind = static_cast<uint8_t>(take<uint8_t>(bytes) % grammar.steps.size());
    const StepDesc& desc = grammar.steps[step.kind];
    for (size_t index = 0; index < desc.arg_count(); ++index) step.args[index] = take_bytes(bytes, width_of(desc.args[index]));
  }
  while (!bytes.empty() && script.acts.size() < acts_max) {
    Act& act = script.acts.emplace_back();
    act.when = static_cast<When>(take<uint8_t>(bytes));
    act.nth = take<uint16_t>(bytes);
    act.kind = static_cast<ActKind>(take<uint8_t>(bytes));
    act.a = take<uint64_t>(bytes);
    act.b = take<uint64_t>(bytes);
  }
  normalise(grammar, script);
  return script;
}

Bytes encode(const Grammar& grammar, const Script& script) {
  Bytes bytes;
  bytes.reserve(1 + script.steps.size() * 8 + script.acts.size() * act_size);
  put(bytes, static_cast<uint8_t>(script.steps.size()));
  for (const GuestStep& step : script.steps) {
    put(bytes, step.kind);
    const StepDesc& desc = grammar.steps[step.kind];
    for (size_t index = 0; index < desc.arg_count(); ++index) {
      const auto* first = reinterpret_cast<const uint8_t*>(&step.args[index]);  // SAFETY: the low bytes of a plain number
      bytes.insert(bytes.end(), first, first + width_of(desc.args[index]));
    }
  }
  for (const Act& act : script.acts) {
    put(bytes, static_cast<uint8_t>(act.when));
    put(bytes, act.nth);
    put(bytes, static_cast<uint8_t>(act.kind));
    put(bytes, act.a);
    put(bytes, act.b);
  }
  return bytes;
}

std::string print(const Grammar& grammar, const GuestStep& step) {
  const StepDesc& desc = grammar.steps[step.kind];
  std::string text(desc.name);
  for (size_t index = 0; index < desc.arg_count(); ++index) text += fmt::format(" {}={:#x}", desc.args[index].name, step.args[index]);
  return text;
}
std::string print(const Act& act, const Vocabulary& vocabulary) {
  return fmt::format("@{} {} {} a={:#x} b={:#x}", vocabulary.when_names[static_cast<size_t>(act.when)], act.nth, vocabulary.act_names[static_cast<size_t>(act.kind)], act.a, act.b);
}

std::string print(const Grammar& grammar, const Script& script) {
  std::string text;
  for (const GuestStep& step : script.steps) text += print(grammar, step) + "\n";
  for (const Act& act : script.acts) text += print(act, *grammar.vocabulary) + "\n";
  return text;
}

std::expected<Script, std::string> parse(const Grammar& grammar, std::string_view text) {
  Script script;
  for (size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    Line line(text.substr(0, end), number);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ended()) continue;
    Line look = line;
    const std::string_view name = look.word();
    auto parsed = name.starts_with('@') ? parse_act(grammar, line, script) : parse_step(grammar, look, name, script);
    if (!parsed) return std::unexpected(parsed.error());
  }
  normalise(grammar, script);
  return script;
}

}  // namespace cupel::fuzz::snp
