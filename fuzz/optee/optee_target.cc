#include "fuzz/optee/optee_target.hh"

#include <fmt/format.h>

#include <algorithm>

namespace cupel::fuzz::optee {
namespace {

constexpr std::array<std::string_view, 10> oracle_names{"nonce", "time", "owner", "double_fetch", "write_back", "progress", "resume", "model", "references", "ni"};

Bytes bounded(Bytes bytes, size_t size_max) {
  if (bytes.size() > size_max) bytes.resize(size_max);
  return bytes;
}

std::vector<mock_tee::Act> acts_of(const snp::Script& script) {
  std::vector<mock_tee::Act> all;
  for (const auto& act : script.acts) all.push_back({static_cast<mock_tee::When>(act.when), act.nth, static_cast<mock_tee::ActKind>(act.kind), act.a, act.b});
  return all;
}

std::string text_of(const mock_tee::Act& act) {
  return snp::print(mock_snp::Act{static_cast<mock_snp::When>(act.when), act.nth, static_cast<mock_snp::ActKind>(act.kind), act.a, act.b}, vocabulary);
}

}  // namespace

std::span<const std::string_view> OpteeTarget::oracles() const { return oracle_names; }

bool OpteeTarget::disable_oracle(std::string_view oracle) {
  if (std::ranges::find(oracle_names, oracle) == oracle_names.end()) return false;
  disabled_.emplace_back(oracle);
  return true;
}

bool OpteeTarget::enabled(std::string_view oracle) const { return std::ranges::find(disabled_, oracle) == disabled_.end(); }

void OpteeTarget::mutate(Bytes& input, size_t size_max, uint32_t seed) {
  auto script = snp::decode(grammar_, input);
  snp::mutate(grammar_, script, seed);
  input = bounded(snp::encode(grammar_, script), size_max);
}

Bytes OpteeTarget::cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) {
  return bounded(snp::encode(grammar_, snp::cross(grammar_, snp::decode(grammar_, first), snp::decode(grammar_, second), seed)), size_max);
}

std::vector<Bytes> OpteeTarget::simpler(ByteView input) {
  std::vector<Bytes> all;
  for (const auto& script : snp::simpler(grammar_, snp::decode(grammar_, input))) all.push_back(snp::encode(grammar_, script));
  return all;
}

std::expected<ParsedInput, std::string> OpteeTarget::parse(std::string_view text) {
  auto script = snp::parse(grammar_, text);
  if (!script) return std::unexpected(script.error());
  return ParsedInput{snp::encode(grammar_, *script), {}};
}

std::string OpteeTarget::trace(ByteView input) {
  std::string text;
  const Run run = execute(snp::decode(grammar_, input), &text);
  if (run.finding) text += fmt::format("VIOLATION {}: {}\n  expected: {}\n  got:      {}\n", run.finding->oracle, run.finding->call, run.finding->expected, run.finding->got);
  return text;
}

std::string OpteeTarget::call_text(size_t index, const snp::Script& script) const {
  if (index >= script.steps.size()) return "at the end";
  return fmt::format("{}: {}", index, snp::print(grammar_, script.steps[index]));
}

OpteeTarget::Pass OpteeTarget::pass(const snp::Script& script, uint64_t secret, std::string* trace) {
  Pass result;
  result.run.trace_hash = 0xcbf2'9ce4'8422'2325;
  const auto mix = [&](uint64_t value) { result.run.trace_hash = (result.run.trace_hash ^ value) * 0x100'0000'01b3; };
  begin(secret);
  on_act(nullptr);
  if (trace != nullptr) on_act([trace](const mock_tee::Act& act) { *trace += "    act: " + text_of(act) + "\n"; });
  follow(acts_of(script));
  for (size_t index = 0; index <= script.steps.size(); ++index) {
    std::string outcome = "done";
    try {
      if (index == script.steps.size()) finish();
      else outcome = perform(script.steps[index]);
    } catch (const mock_tee::Stopped&) {
      outcome = "stopped";
    }
    result.traces.push_back(seen());
    for (const char letter : outcome) mix(static_cast<uint8_t>(letter));
    mix(seen());
    if (trace != nullptr) *trace += fmt::format("{} = {}\n", call_text(index, script), outcome);
    if (const auto& wrong = violation()) {
      if (enabled(wrong->oracle)) result.run.finding = Finding{wrong->oracle, call_text(index, script), wrong->expected, wrong->got};
      break;
    }
  }
  return result;
}

Run OpteeTarget::execute(const snp::Script& script, std::string* trace) {
  const Pass first = pass(script, 0x1111'2222'3333'4444, trace);
  calls_ += calls_made();
  Run run = first.run;
  if (run.finding || !enabled("ni")) return run;
  ++pairs_;
  const Pass second = pass(script, 0xfeed'beef'0bad'cafe, nullptr);
  for (size_t index = 0; index < std::max(first.traces.size(), second.traces.size()); ++index) {
    const bool same = index < first.traces.size() && index < second.traces.size() && first.traces[index] == second.traces[index];
    if (same) continue;
    run.finding = Finding{"ni", call_text(index, script), "the normal world sees the same under two secrets", "it tells them apart"};
    break;
  }
  return run;
}

}  // namespace cupel::fuzz::optee
