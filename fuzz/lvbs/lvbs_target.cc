#include "fuzz/lvbs/lvbs_target.hh"

#include <fmt/format.h>

#include <algorithm>

#include "platforms/mock/chance.hh"

namespace cupel::fuzz::lvbs {

using mock_hyperv::Act, mock_hyperv::ActKind, mock_hyperv::When;

namespace {

constexpr std::array<std::string_view, 17> oracle_names{"answer", "isolation", "wx", "hash", "registry", "atomic", "double_fetch", "confused", "hygiene", "protocol", "progress", "bounds", "seal", "model", "honest", "ni", "termination"};
constexpr size_t steps_wanted = 24;

Bytes bounded(Bytes bytes, size_t size_max) {
  if (bytes.size() > size_max) bytes.resize(size_max);
  return bytes;
}

}  // namespace

std::span<const std::string_view> LvbsTarget::oracles() const { return oracle_names; }

bool LvbsTarget::disable_oracle(std::string_view oracle) {
  if (std::ranges::find(oracle_names, oracle) == oracle_names.end()) return false;
  disabled_.emplace_back(oracle);
  return true;
}

bool LvbsTarget::enabled(std::string_view oracle) const { return std::ranges::find(disabled_, oracle) == disabled_.end(); }

Script LvbsTarget::decode(ByteView input) const {
  Script script = snp::decode(grammar_, input);
  script.acts.clear();  // the hypervisor's acts are steps here
  return script;
}

Bytes LvbsTarget::generate(uint32_t seed) {
  Chooser choose(grammar_, seed);
  Script script;
  if (!choose.one_in(8)) tell(script, choose);
  for (uint64_t count = 1 + choose.below(4); count > 0; --count) {
    const auto at = choose.one_in(2) ? script.steps.size() : choose.below(script.steps.size() + 1);
    script.steps.insert(script.steps.begin() + static_cast<ptrdiff_t>(at), choose.step());
  }
  snp::normalise(grammar_, script);
  return snp::encode(grammar_, script);
}

void LvbsTarget::mutate(Bytes& input, size_t size_max, uint32_t seed) {
  Chooser choose(grammar_, seed);
  Script script = decode(input);
  auto& steps = script.steps;
  if (steps.empty() || choose.one_in(10)) {
    input = bounded(generate(static_cast<uint32_t>(choose.next())), size_max);
    return;
  }
  for (uint64_t changes = 1 + choose.below(3); changes > 0; --changes) {
    const auto at = static_cast<ptrdiff_t>(choose.below(steps.size() + 1));
    const size_t which = steps.empty() ? 0 : choose.below(steps.size());
    switch (choose.below(8)) {
      case 0:
      case 1: steps.insert(steps.begin() + at, choose.step()); break;
      case 2:
        if (steps.size() > 1) steps.erase(steps.begin() + static_cast<ptrdiff_t>(which));
        break;
      case 3:
        if (!steps.empty()) steps.insert(steps.begin() + at, GuestStep(steps[which]));
        break;
      case 4: {  // something in the middle of a step
        GuestStep act = choose.step();
        act.kind = static_cast<uint8_t>(choose.below(act_steps));
        for (size_t index = 0; index < snp::args_max; ++index) act.args[index] = choose.argument(grammar_.steps[act.kind].args[index]);
        steps.insert(steps.begin() + at, act);
        break;
      }
      default:
        if (steps.empty()) break;
        const StepDesc& desc = grammar_.steps[steps[which].kind];
        if (desc.arg_count() == 0) break;
        const size_t arg = choose.below(desc.arg_count());
        uint64_t& value = steps[which].args[arg];
        value = choose.one_in(3) ? value ^ uint64_t{1} << choose.below(64) : choose.one_in(3) ? value + choose.below(3) - 1 : choose.argument(desc.args[arg]);
        break;
    }
  }
  while (steps.size() > steps_wanted) steps.erase(steps.begin() + static_cast<ptrdiff_t>(choose.below(steps.size())));
  snp::normalise(grammar_, script);
  input = bounded(snp::encode(grammar_, script), size_max);
}

Bytes LvbsTarget::cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) {
  uint64_t state = seed;
  Script one = decode(first), other = decode(second);
  const size_t keep = mock::splitmix64(state) % (one.steps.size() + 1), from = mock::splitmix64(state) % (other.steps.size() + 1);
  one.steps.resize(keep);
  one.steps.insert(one.steps.end(), other.steps.begin() + static_cast<ptrdiff_t>(from), other.steps.end());
  snp::normalise(grammar_, one);
  return bounded(snp::encode(grammar_, one), size_max);
}

std::vector<Bytes> LvbsTarget::simpler(ByteView input) {
  std::vector<Bytes> all;
  for (const auto& script : snp::simpler(grammar_, decode(input))) all.push_back(snp::encode(grammar_, script));
  return all;
}

std::expected<ParsedInput, std::string> LvbsTarget::parse(std::string_view text) {
  auto script = snp::parse(grammar_, text);
  if (!script) return std::unexpected(script.error());
  script->acts.clear();
  return ParsedInput{snp::encode(grammar_, *script), {}};
}

std::string LvbsTarget::trace(ByteView input) {
  std::string text;
  const Run run = execute(decode(input), &text);
  if (run.finding) text += fmt::format("VIOLATION {}: {}\n  expected: {}\n  got:      {}\n", run.finding->oracle, run.finding->call, run.finding->expected, run.finding->got);
  return text;
}

void LvbsTarget::arm(const GuestStep& step) {
  const auto moment = static_cast<uint16_t>(step.args[0]);
  constexpr struct { When when; ActKind kind; } kinds[act_steps] = {
      {When::hypercall, ActKind::refuse}, {When::hypercall, ActKind::early}, {When::hypercall, ActKind::result}, {When::given, ActKind::value},
      {When::load, ActKind::write}, {When::load, ActKind::flip}, {When::hypercall, ActKind::write}, {When::hypercall, ActKind::call}};
  const auto& [when, kind] = kinds[step.kind];
  const bool early = step.kind == hv_early;
  armed_.push_back({when, moment, kind, early ? 0 : step.args[1], early ? step.args[1] : step.args[2]});
}

void LvbsTarget::open(World& world, const cupel::lvbs::SharedState& vtl0) { world.hardware.begin_operation(armed_, vtl0); }

LvbsTarget::Pass LvbsTarget::pass(const Script& script, uint64_t secret, std::string* trace) {
  Pass result;
  Run& run = result.run;
  run.trace_hash = 0xcbf2'9ce4'8422'2325;
  const auto mix = [&](uint64_t value) { run.trace_hash = (run.trace_hash ^ value) * 0x100'0000'01b3; };
  armed_.clear();
  world_.hardware.begin(secret);
  begin(world_);
  bool interfered = false;
  for (size_t index = 0; index < script.steps.size(); ++index) {
    const GuestStep& step = script.steps[index];
    const std::string name = fmt::format("{}: {}", index, snp::print(grammar_, step));
    if (step.kind < act_steps) {
      arm(step);
      interfered = true;
      if (trace != nullptr) *trace += name + "\n";
      continue;
    }
    std::string outcome = "done";
    bool was_legal = false, ended = false;
    try {
      was_legal = legal(world_, step);
      outcome = perform(world_, step);
      world_.hardware.end_operation(registry());
    } catch (const mock_hyperv::Stopped&) {
      outcome = "stopped", ended = true;
    }
    armed_.clear();
    result.traces.push_back(world_.hardware.trace());
    for (const char letter : outcome) mix(static_cast<uint8_t>(letter));
    mix(world_.hardware.trace());
    mix(world_.hardware.hypercalls());
    if (trace != nullptr) *trace += fmt::format("{} = {}{}\n", name, outcome, world_.hardware.stopped() ? fmt::format(", the secure kernel has stopped (reason {})", world_.hardware.reason()) : "");
    if (const auto& violation = world_.hardware.violation()) {
      if (enabled(violation->oracle)) run.finding = Finding{violation->oracle, name, violation->expected, violation->got};
      break;
    }
    // VTL0 alone can make no call stop the secure kernel: a lie of the hypervisor's can.
    if (ended && !world_.hardware.lied() && enabled("termination")) {
      run.finding = Finding{"termination", name, "an error for VTL0: the hypervisor was honest", fmt::format("the secure kernel stopped, reason {}", world_.hardware.reason())};
      break;
    }
    if (was_legal && !interfered && !outcome.starts_with("done") && enabled("honest")) {
      run.finding = Finding{"honest", name, "done: nobody interfered", outcome};
      break;
    }
    if (ended) break;
  }
  return result;
}

Run LvbsTarget::execute(const Script& script, std::string* trace) {
  const Pass first = pass(script, 0x1111'2222'3333'4444, trace);
  calls_ += first.traces.size();
  Run run = first.run;
  if (run.finding || !enabled("ni")) return run;
  ++pairs_;
  const Pass second = pass(script, 0xfeed'beef'0bad'cafe, nullptr);
  const auto [one, other] = std::ranges::mismatch(first.traces, second.traces);
  if (one == first.traces.end() && other == second.traces.end()) return run;
  run.finding = Finding{"ni", fmt::format("operation {}", one - first.traces.begin()), "what VTL0 sees does not depend on VTL1's secrets", "it differs under other secrets"};
  return run;
}

}  // namespace cupel::fuzz::lvbs
