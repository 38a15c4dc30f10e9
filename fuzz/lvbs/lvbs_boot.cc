// The first entry into VTL1, further processors, and each entry after it, against a hypervisor whose answers are odd.
#include <algorithm>

#include "fuzz/lvbs/lvbs_target.hh"

namespace cupel::fuzz::lvbs {
namespace {

enum Kind : uint8_t { boot = act_steps, boot_vp, enter, kind_count };
constexpr uint64_t likely_reasons[] = {1, 1, 1, 2, 3, 0, 4, 0xffff'ffff};
constexpr uint64_t likely_words[] = {0x3123'7648, 0x3'0000'0000'0004, 0x102'0010, 0x20010, 0x10010, 0x5f, 0x1f, 1, 0};
constexpr ArgDesc vp{"vp", 8}, own_vp{"vp", frames::processors}, reason_arg{"reason", 0, likely_reasons}, seed_arg{"seed"};
constexpr StepDesc own_steps[] = {{"boot", {}, {}, 3}, {"boot_vp", {vp}}, {"enter", {reason_arg, own_vp, seed_arg}, {}, 3}};
constexpr auto steps = with_acts(own_steps);
static_assert(std::size(steps) == kind_count);

class LvbsBoot final : public LvbsTarget {
 public:
  LvbsBoot() : LvbsTarget("lvbs_boot", {steps, {}, likely_words, {}}) {}

 private:
  void begin(World& world) override { kernel_.emplace(world.hardware); }
  std::span<const cupel::lvbs::Frame> registry() const override { return kernel_->registry; }

  void tell(Script& script, Chooser& choose) override {
    if (choose.one_in(2)) add(script, choose.one_in(2) ? hv_value : choose.one_in(2) ? hv_refuse : hv_early, choose.below(16), choose.word(), choose.below(70));
    add(script, boot);
    if (choose.one_in(2)) add(script, boot_vp, 1 + choose.below(3));
    if (choose.one_in(2)) add(script, enter, choose.one_of(likely_reasons), choose.below(frames::processors), choose.next());
  }

  std::string perform(World& world, const GuestStep& step) override {
    open(world, {});
    if (step.kind != enter) world.hardware.load_shared({});
    switch (step.kind) {
      case boot:
        if (kernel_->boot.own_memory_protected()) return "refused";
        kernel_->boot.run();
        world.hardware.booted = true;
        return expect_set_up(world);
      case boot_vp: {
        const bool done = kernel_->boot.boot_processor(step.args[0]);
        if (done && !world.machine.vtl1_enabled[step.args[0] % frames::processors] && !said_success()) violate(world, "model", "a processor runs where the hypervisor says so", "it was refused");
        return done ? "done" : "refused";
      }
      case enter: return enter_once(world, step);
      default: return "done";
    }
  }

  // What must be so once the boot has come through.
  std::string expect_set_up(World& world) {
    if (world.hardware.tables_lied()) return "done";
    if (!world.machine.protection_enabled) violate(world, "model", "protection is enabled", "it is not");
    if ((world.machine.secure_config & 1) == 0) violate(world, "model", "mode-based execution is on", "it is not");
    constexpr uint64_t deny_lower_startup = 1 << 6;
    if ((world.machine.partition_config & deny_lower_startup) == 0) violate(world, "model", "VTL0 starts no processor by itself", "it may");
    for (uint64_t gfn = frames::vtl1; gfn < frames::vtl1_end; ++gfn) {
      if (world.machine.flags[gfn] != 0) violate(world, "isolation", "no frame of VTL1 is within VTL0's reach", "frame " + std::to_string(gfn));
    }
    return "done";
  }

  std::string enter_once(World& world, const GuestStep& step) {
    uint64_t seed = step.args[2];
    cupel::lvbs::SharedState vtl0;
    for (uint64_t& one : vtl0.gprs) one = mock::splitmix64(seed);
    for (uint64_t& one : vtl0.vector) one = mock::splitmix64(seed);
    for (uint64_t& one : vtl0.dr) one = mock::splitmix64(seed);
    vtl0.mxcsr = mock::splitmix64(seed), vtl0.fcw = mock::splitmix64(seed), vtl0.xcr0 = mock::splitmix64(seed), vtl0.cr2 = mock::splitmix64(seed);
    open(world, vtl0);
    world.hardware.enter(step.args[1], step.args[0]);
    unsigned served = 0, looked = 0;
    kernel_->way.enter(step.args[1], [&](const cupel::lvbs::SharedState&) { return ++served, int64_t{-38}; }, [&] { ++looked; }, [&](uint64_t) { ++looked; });
    const uint64_t reason = step.args[0] & 0xffff'ffff;
    const bool honest = armed().empty();
    if (honest && (served == 1) != (reason == 1)) violate(world, "model", "a call is served where there is one", "another entry");
    if (honest && (looked == 1) != (reason == 2 || reason == 3)) violate(world, "model", "messages are looked at where there are some", "another entry");
    return "done";
  }

  bool legal(const World&, const GuestStep& step) override {
    return step.kind == enter || (step.kind == boot && !kernel_->boot.own_memory_protected());
  }

  // Whether a word of the hypervisor's could be success: it may say so without having done anything.
  bool said_success() const {
    return std::ranges::any_of(armed(), [](const auto& act) { return (act.a & 0xffff) == 0; });
  }

  std::optional<Kernel> kernel_;
};

const Registered<LvbsBoot> registered("lvbs_boot", "Hyper-V VTL1: boot, further processors and entries against an odd hypervisor");

}  // namespace
}  // namespace cupel::fuzz::lvbs
