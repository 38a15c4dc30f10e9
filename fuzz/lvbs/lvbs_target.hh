#pragma once
#include <array>

#include "fuzz/snp/chooser.hh"
#include "platforms/lvbs/boot.hh"
#include "platforms/lvbs/switch.hh"
#include "platforms/mock/hyperv/hardware.hh"

// What all targets of the LVBS boundary share. An input is a list of steps in the script format of the SEV-SNP targets: what VTL0
// does, and before it what is to happen in that step's middle ("race_write nth=3 ...": at its third load of VTL0's memory).
namespace cupel::fuzz::lvbs {

using snp::ArgDesc, snp::Chooser, snp::Grammar, snp::GuestStep, snp::Script, snp::StepDesc;
using Hardware = mock_hyperv::Hardware;
namespace frames = mock_hyperv::frames;

constexpr uint64_t address_of(uint64_t gfn) { return gfn << 12; }

// The steps that each grammar begins with.
enum ActStep : uint8_t { hv_refuse, hv_early, hv_result, hv_value, race_write, race_flip, race_write_between, race_call, act_steps };
inline constexpr uint64_t likely_moments[] = {0, 0, 1, 1, 2, 3, 4, 5, 6, 8, 12};
inline constexpr uint64_t likely_statuses[] = {0, 2, 3, 4, 5, 6, 0x50, 0x51, 0x71, 0x78, 0x86, 0xffff, 0x8000'0000, 0xffff'0000'0000'0000};
inline constexpr uint64_t likely_reps[] = {0, 1, 2, 3, 64, 509, 510, 511, 4095};
inline constexpr uint64_t likely_ids[] = {0x1ffe0, 0x1ffe1, 0x1ffe2, 0x1ffe3, 0x1ffe4, 0x1ffe5, 0x1ffe6, 0x1ffe7, 0x1ffe8, 0x1ffe9, 0x1ffea, 0x1ffeb, 0x1ffec, 0x1fff0};
inline constexpr ArgDesc nth{"nth", 0x2000, likely_moments}, word_arg{"word"}, gpa_arg{"gpa"};
inline constexpr std::array<StepDesc, act_steps> act_descs{
    StepDesc{"hv_refuse", {nth, {"status", 0, likely_statuses}, {"reps", 0x2000, likely_reps}}}, StepDesc{"hv_early", {nth, {"reps", 0x1000, likely_reps}}}, StepDesc{"hv_result", {nth, word_arg}},
    StepDesc{"hv_value", {nth, word_arg}}, StepDesc{"race_write", {nth, gpa_arg, word_arg}}, StepDesc{"race_flip", {nth, gpa_arg, {"bit", 64}}},
    StepDesc{"race_write_between", {nth, gpa_arg, word_arg}}, StepDesc{"race_call", {nth, {"id", 0, likely_ids}, word_arg}}};

// The acts, and then a target's own steps.
template <size_t count>
constexpr auto with_acts(const StepDesc (&own)[count]) {
  std::array<StepDesc, act_steps + count> all{};
  for (size_t index = 0; index < act_steps; ++index) all[index] = act_descs[index];
  for (size_t index = 0; index < count; ++index) all[act_steps + index] = own[index];
  return all;
}

// The secure kernel's parts that every target has, over the mock.
struct Kernel {
  explicit Kernel(Hardware& hardware) : core(hardware, frames::layout), protector(core, cupel::lvbs::Frames(registry), marks), boot(core, protector), way(core) {}
  std::vector<cupel::lvbs::Frame> registry = std::vector<cupel::lvbs::Frame>(frames::count);
  std::vector<uint64_t> marks = std::vector<uint64_t>(frames::count / 64);
  cupel::lvbs::Core<Hardware> core;
  cupel::lvbs::Protector<Hardware> protector;
  cupel::lvbs::Boot<Hardware> boot;
  cupel::lvbs::Switch<Hardware> way;
};

struct World {
  mock_hyperv::Machine machine;
  Hardware hardware{machine};
};

class LvbsTarget : public Target {
 public:
  LvbsTarget(std::string_view name, Grammar grammar) : name_(name), grammar_(grammar) {}
  std::string_view name() const override { return name_; }
  std::span<const std::string_view> oracles() const override;
  bool disable_oracle(std::string_view oracle) override;

  Run run(ByteView input) override { return execute(decode(input), nullptr); }
  void mutate(Bytes& input, size_t size_max, uint32_t seed) override;
  Bytes cross(ByteView first, ByteView second, size_t size_max, uint32_t seed) override;
  Bytes generate(uint32_t seed) override;
  std::vector<Bytes> simpler(ByteView input) override;
  std::string print(ByteView input) override { return snp::print(grammar_, decode(input)); }
  std::expected<ParsedInput, std::string> parse(std::string_view text) override;
  std::string trace(ByteView input) override;
  uint64_t calls() const { return calls_; }  // operations of VTL0's in all first runs so far
  uint64_t pairs() const { return pairs_; }

 protected:
  // A fresh secure kernel on a machine that has just begun.
  virtual void begin(World& world) = 0;
  // One step of VTL0's; throws mock_hyperv::Stopped. What it came to, for the trace: "done", "refused" or more.
  virtual std::string perform(World& world, const GuestStep& step) = 0;
  // Whether it has no reason to fail while nobody interferes; asked before.
  virtual bool legal(const World&, const GuestStep&) { return false; }
  virtual std::span<const cupel::lvbs::Frame> registry() const = 0;
  // Steps that make a life of their own, for generators.
  virtual void tell(Script&, Chooser&) {}

  [[noreturn]] static void violate(World& world, std::string_view oracle, std::string expected, std::string got) { world.hardware.violate(oracle, std::move(expected), std::move(got)); }
  static void add(Script& script, uint8_t kind, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0, uint64_t d = 0) { script.steps.push_back({kind, {a, b, c, d}}); }
  World& world() { return world_; }
  // Opens VTL0's way in for what is armed; `vtl0` is what it has in its registers.
  void open(World& world, const cupel::lvbs::SharedState& vtl0);
  std::span<const mock_hyperv::Act> armed() const { return armed_; }

 private:
  struct Pass {
    Run run;
    std::vector<uint64_t> traces;
  };
  Script decode(ByteView input) const;
  Pass pass(const Script& script, uint64_t secret, std::string* trace);
  Run execute(const Script& script, std::string* trace);
  bool enabled(std::string_view oracle) const;
  void arm(const GuestStep& step);

  std::string_view name_;
  Grammar grammar_;
  std::vector<std::string> disabled_;
  World world_;
  std::vector<mock_hyperv::Act> armed_;
  uint64_t calls_ = 0, pairs_ = 0;
};

// Makes a target known by its name.
template <class Made>
class Registered {
 public:
  Registered(std::string_view name, std::string_view about) : info_{name, about, [] { return std::unique_ptr<Target>(std::make_unique<Made>()); }}, registration_(info_) {}

 private:
  TargetInfo info_;
  TargetRegistration registration_;
};

}  // namespace cupel::fuzz::lvbs
