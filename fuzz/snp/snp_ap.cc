// Other processors: their state pages, and a hypervisor that starts them late, twice, or not at all.
#include "fuzz/snp/snp_target.hh"
#include "platforms/snp/exits.hh"
#include "platforms/snp/processors.hh"

namespace cupel::fuzz {
namespace {

using namespace cupel::snp;
using mock_snp::ActKind;
namespace frames = mock_snp::frames;
using Step = fuzz::snp::GuestStep;
using fuzz::snp::World;

enum Kind : uint8_t { create, destroy, grant, probe, share_page, accept_page, secret, kind_count };
constexpr uint64_t pool[] = {512, 513, 514, 515, 516, 517, 518, 519, 520, 521};
constexpr fuzz::snp::ArgDesc slot{"slot", slots_max + 1}, gfn{"gfn", mock_snp::guest_frames, pool};
constexpr fuzz::snp::StepDesc steps[] = {{"create", {slot, fuzz::snp::ArgDesc{"apic_id", 0x1'0000'0000}}}, {"destroy", {slot, fuzz::snp::ArgDesc{"apic_id", 0x1'0000'0000}}}, {"grant", {gfn, fuzz::snp::ArgDesc{"vmpl", 5}}},
                                         {"probe", {gfn}}, {"share", {gfn}}, {"accept", {gfn}}, {"secret", {gfn}}};
static_assert(std::size(steps) == kind_count);
constexpr ActKind likely_acts[] = {ActKind::start, ActKind::start, ActKind::start, ActKind::info_1, ActKind::info_2, ActKind::ignore, ActKind::remap, ActKind::unassign, ActKind::reg};
constexpr uint64_t likely_words[] = {513, 514, 516, 518, 1, 0, 2};
constexpr uint32_t first_pair = 512, pair_count = 4;

class SnpAp final : public fuzz::snp::SnpTarget {
 public:
  SnpAp() : SnpTarget("snp_ap", {steps, likely_acts, likely_words}), states_(mock_snp::guest_frames) {}

 private:
  using Hardware = mock_snp::Hardware;
  struct Guest {
    Guest(Hardware& hardware, std::span<Frame> states) : core(hardware, uint64_t{frames::ghcb} << 12), ghcb(core), exits(ghcb), pages(ghcb, Shadow(0, states)), processors(ghcb, pages, first_pair, pair_count) {}
    Core<Hardware> core;
    Ghcb<Hardware> ghcb;
    Exits<Hardware> exits;
    PageStates<Hardware> pages;
    Processors<Hardware> processors;
  };

  void begin(World& world) override {
    std::ranges::fill(states_, Frame{});
    for (uint32_t frame = frames::special; frame < mock_snp::guest_frames; ++frame) states_[frame] = {PageState::shared, Role::pinned};
    for (uint32_t frame = first_pair; frame < first_pair + 2 * pair_count + 2; ++frame) {
      world.hardware.launch(frame);
      states_[frame].state = PageState::private_valid;
    }
    claimed_.fill(0);
    made_.clear();
    world.hardware.forbidden_exits = {0x8000'0005};
    guest_.emplace(world.hardware, states_);
    guest_->ghcb.clear_page();
    world.hardware.entries.on_start = [this, &world](uint32_t vmsa_gfn) { arrive(world, vmsa_gfn); };
    world.hardware.entries.on_vc = [this](uint64_t) { guest_->pages.on_not_validated(); };
  }

  // A processor begins at the entry point that its state page names, with the registers that are in it.
  void arrive(World& world, uint32_t vmsa_gfn) {
    const uint64_t rdi = world.system.word((uint64_t{vmsa_gfn} << 12) + vmsa::rdi);
    const uint64_t named = guest_->processors.identity(rdi);
    if (named != rdi) violate(world, "diff", "the slot that its own state page names: " + std::to_string(rdi), std::to_string(named));
    if (!guest_->processors.arrive(named)) return;  // parks
    if (++claimed_[named] > 1) violate(world, "shadow", "one processor in a slot", "two in slot " + std::to_string(named));
  }

  std::string_view perform(World& world, const Step& step) override {
    auto& processors = guest_->processors;
    const auto number = static_cast<size_t>(step.args[0]);
    switch (step.kind) {
      case create: {
        const bool made = processors.create(number, static_cast<uint32_t>(step.args[1]), {0xffff'ffff'8000'0000, 0xffff'c000'0000'1000, 0x10'0000});
        if (made) made_.push_back(number);
        check_states(world);
        return made ? "done" : "refused";
      }
      case destroy: {
        processors.destroy(number, static_cast<uint32_t>(step.args[1]));
        if (number < slots_max && processors.state(number) == SlotState::empty) claimed_[number] = 0;
        break;
      }
      case grant: processors.grant(step.args[0], step.args[1], 1); break;
      case probe: processors.require_highest_level(step.args[0]); break;
      case share_page: guest_->pages.share(step.args[0], 1); break;
      case accept_page: guest_->pages.accept(step.args[0], 1); break;
      default:
        if (guest_->pages.shadow().state(step.args[0]) == PageState::private_valid && guest_->pages.shadow().role(step.args[0]) == Role::none) world.hardware.store_private(step.args[0] << 12, world.next_secret());
        break;
    }
    check_states(world);
    return "done";
  }

  // Every page that is processor state in the RMP is so in our record, and the other way round; none of a running processor is
  // anything else.
  void check_states(World& world) {
    for (uint32_t frame = first_pair; frame < first_pair + 2 * pair_count; ++frame) {
      const auto& npt = world.system.npt(frame);
      const auto& entry = world.system.rmp(npt.spa);
      if (npt.spa != frame || entry.gfn != frame || !entry.assigned) continue;  // the hypervisor has moved it
      const bool recorded = states_[frame].state == PageState::vmsa;
      if (entry.vmsa != recorded) violate(world, "shadow", "our record and the RMP agree about processor state", "frame " + std::to_string(frame));
      if (entry.vmsa && (states_[frame].role != Role::vmsa || entry.permissions[1] != 0)) violate(world, "shadow", "processor state has one role, and no reader below", "frame " + std::to_string(frame));
      if (entry.vmsa && frame % 512 == 0) violate(world, "rmp", "no processor state at a 2M boundary", "frame " + std::to_string(frame));
    }
    for (const uint32_t frame : world.hardware.running) {
      const auto& entry = world.system.rmp(world.system.npt(frame).spa);
      if (entry.gfn == frame && entry.assigned && !entry.vmsa) violate(world, "shadow", "the state page of a running processor stays one", "frame " + std::to_string(frame));
    }
  }

  bool legal(const World& world, const Step& step) override {
    if (world.hardware.terminated()) return false;
    const Shadow& shadow = guest_->pages.shadow();
    switch (step.kind) {
      case create: return step.args[0] < slots_max && guest_->processors.state(step.args[0]) == SlotState::empty && made_.size() < pair_count && shadow.all_allow(first_pair, 2 * pair_count, PageAct::make_vmsa) ;
      case destroy: return true;
      case share_page: return shadow.all_allow(step.args[0], 1, PageAct::rescind);
      default: return false;
    }
  }

  std::vector<Frame> states_;
  std::array<unsigned, slots_max> claimed_{};
  std::vector<size_t> made_;
  std::optional<Guest> guest_;
};

const TargetInfo info{"snp_ap", "SEV-SNP processors: state pages, starts and stops under a hypervisor that starts them late or twice", [] { return std::unique_ptr<Target>(std::make_unique<SnpAp>()); }};
const TargetRegistration registration(info);

}  // namespace
}  // namespace cupel::fuzz
