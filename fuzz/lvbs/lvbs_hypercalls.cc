// Changes of protection, all or none, against a hypervisor that refuses, stops early and answers oddly.
#include "fuzz/lvbs/lvbs_target.hh"

namespace cupel::fuzz::lvbs {
namespace {

using cupel::lvbs::Kind;
namespace protection = cupel::lvbs::protection;

enum StepKind : uint8_t { change = act_steps, commit, set_register, kind_count };
constexpr uint64_t likely_frames[] = {0x10, 0x18, 0x40, 0xff, 0x140, 0x150, 0x1ff};
constexpr uint64_t likely_counts[] = {1, 2, 3, 8, 63, 170, 255, 510, 511};
constexpr uint64_t likely_flags[] = {0, 9, 11, 13};
constexpr ArgDesc gfn{"gfn", frames::count, likely_frames}, count_arg{"frames", 600, likely_counts}, flags_arg{"flags", 16, likely_flags}, name_arg{"name"}, value_arg{"value"};
constexpr StepDesc own_steps[] = {{"change", {gfn, count_arg, flags_arg}, {}, 4}, {"commit", {}, {}, 4}, {"set_register", {name_arg, value_arg}}};
constexpr auto steps = with_acts(own_steps);
static_assert(std::size(steps) == kind_count);

class LvbsHypercalls final : public LvbsTarget {
 public:
  LvbsHypercalls() : LvbsTarget("lvbs_hypercalls", {steps, {}, {}, {}}) {}

 private:
  void begin(World& world) override {
    kernel_.emplace(world.hardware);
    world.hardware.begin_operation({}, {});
    world.hardware.load_shared({});
    kernel_->boot.run();
    world.hardware.booted = true;
    kernel_->protector.begin();
  }
  std::span<const cupel::lvbs::Frame> registry() const override { return kernel_->registry; }

  void tell(Script& script, Chooser& choose) override {
    for (uint64_t count = 1 + choose.below(3); count > 0; --count) add(script, change, choose.one_of(likely_frames), choose.one_of(likely_counts), choose.one_of(likely_flags));
    for (uint64_t count = choose.below(3); count > 0; --count) add(script, choose.one_in(2) ? hv_early : hv_refuse, choose.below(4), choose.one_of(likely_statuses), choose.one_of(likely_reps));
    add(script, commit);
  }

  std::string perform(World& world, const GuestStep& step) override {
    open(world, {});
    world.hardware.load_shared({});
    auto& protector = kernel_->protector;
    if (step.kind == change) {
      const bool takes = protection::legal(step.args[2]) && protector.frames().all_claimable(step.args[0], step.args[1]);
      return takes && protector.add_range(step.args[0], step.args[1], {Kind::owned, static_cast<uint8_t>(step.args[2]), cupel::lvbs::kernel}) ? "done" : "refused";
    }
    if (step.kind == set_register) return kernel_->core.set_register(static_cast<uint32_t>(step.args[0]), step.args[1], 0) ? "done" : "refused";
    const auto before = kernel_->registry;
    const auto tables = world.machine.flags;
    const bool done = protector.commit();
    protector.begin();
    if (!done && !world.hardware.tables_lied() && (before != kernel_->registry || tables != world.machine.flags)) violate(world, "atomic", "a change that fails changes nothing", "other flags than before");
    return done ? "done" : "refused";
  }

  bool legal(const World&, const GuestStep& step) override { return step.kind == commit || step.kind == set_register; }

  std::optional<Kernel> kernel_;
};

const Registered<LvbsHypercalls> registered("lvbs_hypercalls", "Hyper-V VTL1: changes of protection against an odd hypervisor");

}  // namespace
}  // namespace cupel::fuzz::lvbs
