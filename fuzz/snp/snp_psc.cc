// Page state changes against a hostile hypervisor.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "fuzz/snp/script.hh"
#include "platforms/mock/snp/hardware.hh"

namespace cupel::fuzz {
namespace {

using mock_snp::GuestStopped;

constexpr std::array<std::string_view, 7> oracle_names{"rmp", "shadow", "progress", "double_fetch", "terminate", "answer", "honest"};

class SnpPsc final : public Target {
 public:
  std::string_view name() const override { return "snp_psc"; }
  std::span<const std::string_view> oracles() const override { return oracle_names; }
  bool disable_oracle(std::string_view oracle) override {
    if (std::ranges::find(oracle_names, oracle) == oracle_names.end()) return false;
    disabled_.emplace_back(oracle);
    return true;
  }

  Run run(ByteView input) override { return execute(snp::decode(input), nullptr); }

  void mutate(Bytes& input, size_t size_max, uint32_t seed) override {
    auto script = snp::decode(input);
    snp::mutate(script, seed);
    input = bounded(snp::encode(script), size_max);
  }
  Bytes cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) override {
    auto script = snp::decode(first);
    const auto other = snp::decode(second);
    // The one's guest under the other's hypervisor, or both hypervisors at once.
    if (seed % 2 == 0) script.acts = other.acts;
    else script.acts.insert(script.acts.end(), other.acts.begin(), other.acts.end());
    snp::normalise(script);
    return bounded(snp::encode(script), size_max);
  }
  Bytes generate(uint32_t seed) override { return snp::encode(snp::generate(seed)); }
  std::vector<Bytes> simpler(ByteView input) override {
    std::vector<Bytes> all;
    for (const auto& script : snp::simpler(snp::decode(input))) all.push_back(snp::encode(script));
    return all;
  }
  std::string print(ByteView input) override { return snp::print(snp::decode(input)); }
  std::expected<ParsedInput, std::string> parse(std::string_view text) override {
    auto script = snp::parse(text);
    if (!script) return std::unexpected(script.error());
    return ParsedInput{snp::encode(*script), {}};
  }
  std::string trace(ByteView input) override {
    std::string text;
    const Run run = execute(snp::decode(input), &text);
    if (run.finding) text += fmt::format("VIOLATION {}: {}\n  expected: {}\n  got:      {}\n", run.finding->oracle, run.finding->call, run.finding->expected, run.finding->got);
    return text;
  }

 private:
  static Bytes bounded(Bytes bytes, size_t size_max) {
    if (bytes.size() > size_max) bytes.resize(size_max);
    return bytes;
  }
  bool enabled(std::string_view oracle) const { return std::ranges::find(disabled_, oracle) == disabled_.end(); }

  // One operation of the guest: what it said, or that it was stopped.
  std::string_view perform(mock_snp::Hardware& hardware, cupel::snp::Guest<mock_snp::Hardware>& guest, const snp::GuestStep& step) {
    try {
      bool done = false;
      switch (step.operation) {
        case snp::Operation::negotiate: done = guest.negotiate(); break;
        case snp::Operation::accept_early: done = guest.accept_early(step.gfn); break;
        case snp::Operation::accept: done = guest.accept(step.gfn, step.pages); break;
        case snp::Operation::share: done = guest.share(step.gfn, step.pages); break;
        case snp::Operation::touch:
          if (guest.shadow().state(step.gfn) == cupel::snp::PageState::private_valid) hardware.use_private(step.gfn);
          done = true;
          break;
      }
      hardware.end_operation();
      return done ? "done" : "refused";
    } catch (const GuestStopped&) {
      return "stopped";
    }
  }

  // Whether the guest may ask for this in the state it is in: then an honest hypervisor has no reason to fail it.
  static bool legal(const cupel::snp::Shadow& shadow, const snp::GuestStep& step) {
    using cupel::snp::PageAct;
    switch (step.operation) {
      case snp::Operation::negotiate:
      case snp::Operation::touch: return true;
      case snp::Operation::accept_early:
      case snp::Operation::accept: return shadow.all_allow(step.gfn, step.pages, PageAct::psc_private);
      case snp::Operation::share: return shadow.all_allow(step.gfn, step.pages, PageAct::rescind);
    }
    return false;
  }

  Run execute(const snp::Script& script, std::string* trace) {
    system_.reset();
    hypervisor_.begin(script.acts);
    hardware_.begin();
    std::ranges::fill(states_, cupel::snp::PageState::private_invalid);
    cupel::snp::Guest<mock_snp::Hardware> guest(hardware_, cupel::snp::Shadow(0, states_));
    Run result;
    result.trace_hash = 0xcbf2'9ce4'8422'2325;
    const auto mix = [&](uint64_t value) { result.trace_hash = (result.trace_hash ^ value) * 0x100'0000'01b3; };
    for (size_t index = 0; index < script.steps.size(); ++index) {
      const snp::GuestStep& step = script.steps[index];
      const bool was_legal = legal(guest.shadow(), step) && !guest.terminated();
      const std::string_view outcome = perform(hardware_, guest, step);
      mix(outcome.size());
      mix(hardware_.exit_count());
      mix(static_cast<uint64_t>(shared_.msr));
      mix(guest.terminated() ? 1 : 0);
      const std::string call = fmt_call(index, step, trace != nullptr || hardware_.violation());
      if (trace != nullptr) *trace += fmt::format("{} = {}{}\n", call, outcome, guest.terminated() ? ", the guest has ended itself" : "");
      if (hardware_.violation()) {
        if (enabled(hardware_.violation()->oracle)) report(result, *hardware_.violation(), call);
        break;
      }
      if (was_legal && outcome != "done" && !hypervisor_.lied() && enabled("honest")) {
        report(result, {"honest", "done: the hypervisor was honest", std::string(outcome)}, fmt_call(index, step, true));
        break;
      }
      if (outcome == "stopped") break;
    }
    if (trace != nullptr) {
      for (const mock_snp::Act& act : script.acts) *trace += "# " + snp::print(act) + "\n";
    }
    return result;
  }
  static std::string fmt_call(size_t index, const snp::GuestStep& step, bool wanted) { return wanted ? fmt::format("{}: {}", index, snp::print(step)) : std::string(); }
  static void report(Run& run, const mock_snp::Violation& violation, const std::string& call) {
    run.finding = Finding{violation.oracle, call, violation.expected, violation.got};
  }

  std::vector<std::string> disabled_;
  mock_snp::System system_;
  mock_snp::Shared shared_;
  mock_snp::Hypervisor hypervisor_{system_, shared_};
  mock_snp::Hardware hardware_{system_, hypervisor_, shared_};
  std::vector<cupel::snp::PageState> states_ = std::vector<cupel::snp::PageState>(mock_snp::guest_frames);
};

const TargetInfo info{"snp_psc", "SEV-SNP page state changes against a hostile hypervisor", [] { return std::unique_ptr<Target>(std::make_unique<SnpPsc>()); }};
const TargetRegistration registration(info);

}  // namespace
}  // namespace cupel::fuzz
