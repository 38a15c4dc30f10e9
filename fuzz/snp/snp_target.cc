#include "fuzz/snp/snp_target.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "platforms/mock/chance.hh"

namespace cupel::fuzz::snp {
namespace {

constexpr std::array<std::string_view, 21> oracle_names{"rmp", "shadow", "tlb", "scrub", "poison", "bounds", "progress", "double_fetch", "terminate", "answer", "nested",
                                                        "nonce", "diff", "events", "debug", "forbidden", "ni", "policy", "honest", "integrity", "leak"};

Bytes bounded(Bytes bytes, size_t size_max) {
  if (bytes.size() > size_max) bytes.resize(size_max);
  return bytes;
}

}  // namespace

void World::begin(uint64_t secret_now) {
  secret = secret_now;
  system.reset();
  hypervisor.begin({});
  secure_processor.begin(secret_now);
  hardware.begin();
  hardware.entries = {};
  hardware.forbidden_exits.clear();
  hardware.map_shared(mock_snp::frames::ghcb);
}

uint64_t World::next_secret() { return mock::splitmix64(secret); }

std::span<const std::string_view> SnpTarget::oracles() const { return oracle_names; }

bool SnpTarget::disable_oracle(std::string_view oracle) {
  if (std::ranges::find(oracle_names, oracle) == oracle_names.end()) return false;
  disabled_.emplace_back(oracle);
  return true;
}

bool SnpTarget::enabled(std::string_view oracle) const { return std::ranges::find(disabled_, oracle) == disabled_.end(); }

void SnpTarget::mutate(Bytes& input, size_t size_max, uint32_t seed) {
  auto script = decode(grammar_, input);
  snp::mutate(grammar_, script, seed);
  input = bounded(encode(grammar_, script), size_max);
}

Bytes SnpTarget::cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) {
  return bounded(encode(grammar_, snp::cross(grammar_, decode(grammar_, first), decode(grammar_, second), seed)), size_max);
}

std::vector<Bytes> SnpTarget::simpler(ByteView input) {
  std::vector<Bytes> all;
  for (const auto& script : snp::simpler(grammar_, decode(grammar_, input))) all.push_back(encode(grammar_, script));
  return all;
}

std::expected<ParsedInput, std::string> SnpTarget::parse(std::string_view text) {
  auto script = snp::parse(grammar_, text);
  if (!script) return std::unexpected(script.error());
  return ParsedInput{encode(grammar_, *script), {}};
}

std::string SnpTarget::trace(ByteView input) {
  std::string text;
  const Run run = execute(decode(grammar_, input), &text);
  if (run.finding) text += fmt::format("VIOLATION {}: {}\n  expected: {}\n  got:      {}\n", run.finding->oracle, run.finding->call, run.finding->expected, run.finding->got);
  return text;
}

void SnpTarget::expect_equal(World& world, std::string_view oracle, std::string_view what, uint64_t expected, uint64_t got) {
  if (expected != got) violate(world, oracle, fmt::format("{}: {:#x}", what, expected), fmt::format("{:#x}", got));
}

std::string SnpTarget::call_text(size_t index, const Script& script) const {
  if (index >= script.steps.size()) return "at the end";
  return fmt::format("{}: {}", index, snp::print(grammar_, script.steps[index]));
}

SnpTarget::Pass SnpTarget::pass(const Script& script, uint64_t secret, std::string* trace) {
  Pass result;
  Run& run = result.run;
  run.trace_hash = 0xcbf2'9ce4'8422'2325;
  const auto mix = [&](uint64_t value) { run.trace_hash = (run.trace_hash ^ value) * 0x100'0000'01b3; };
  world_.begin(secret);
  // A trace has what pages become and the hypervisor's acts where they come, so that a violation's page has its history.
  world_.hypervisor.on_act = nullptr, world_.hypervisor.on_page = nullptr;
  if (trace != nullptr) {
    world_.hypervisor.on_act = [trace](const mock_snp::Act& act) { *trace += "    act: " + snp::print(act) + "\n"; };
    world_.hypervisor.on_page = [trace](const std::string& line) { *trace += "    " + line + "\n"; };
  }
  begin(world_);
  world_.hardware.end_operation();
  world_.hypervisor.follow(script.acts);
  for (size_t index = 0; index <= script.steps.size(); ++index) {
    std::string_view outcome = "done";
    bool was_legal = false;
    try {
      if (index == script.steps.size()) {
        finish(world_);
      } else {
        was_legal = legal(world_, script.steps[index]);
        outcome = perform(world_, script.steps[index]);
        world_.hardware.end_operation();
      }
    } catch (const mock_snp::GuestStopped&) {
      outcome = "stopped";
    }
    if (world_.secure_processor.nonce_reused() && !world_.hardware.violation()) {
      try {
        violate(world_, "nonce", "one ciphertext for one key and sequence number", "a second one");
      } catch (const mock_snp::GuestStopped&) {
        outcome = "stopped";
      }
    }
    result.traces.push_back(world_.hardware.trace());
    for (const char letter : outcome) mix(static_cast<uint8_t>(letter));
    mix(world_.hardware.exit_count());
    mix(world_.hardware.trace());
    if (trace != nullptr) *trace += fmt::format("{} = {}{}\n", call_text(index, script), outcome, world_.hardware.terminated() ? fmt::format(", the guest has ended itself (reason {})", world_.hardware.reason()) : "");
    if (const auto& violation = world_.hardware.violation()) {
      if (enabled(violation->oracle)) run.finding = Finding{violation->oracle, call_text(index, script), violation->expected, violation->got};
      break;
    }
    if (was_legal && !outcome.starts_with("done") && !world_.hypervisor.lied() && enabled("honest")) {
      run.finding = Finding{"honest", call_text(index, script), "done: the hypervisor was honest", std::string(outcome)};
      break;
    }
    if (outcome == "stopped") break;
  }
  return result;
}

Run SnpTarget::execute(const Script& script, std::string* trace) {
  const Pass first = pass(script, 0x1111'2222'3333'4444, trace);
  exits_ += world_.hardware.exit_count();
  if (trace != nullptr) {
    for (const mock_snp::Act& act : script.acts) *trace += "# " + snp::print(act) + "\n";
  }
  Run run = first.run;
  if (run.finding || !has_secrets() || !enabled("ni")) return run;
  ++pairs_;
  const Pass second = pass(script, 0xfeed'beef'0bad'cafe, nullptr);
  const auto [one, other] = std::ranges::mismatch(first.traces, second.traces);
  if (one == first.traces.end() && other == second.traces.end()) return run;
  const auto index = static_cast<size_t>(one - first.traces.begin());
  run.finding = Finding{"ni", call_text(index, script), "what the hypervisor sees does not depend on secrets", "it differs under other secrets"};
  return run;
}

}  // namespace cupel::fuzz::snp
