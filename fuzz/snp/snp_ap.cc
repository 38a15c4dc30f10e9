// Other processors: their state pages, and a hypervisor that starts them late, twice, or not at all.
#include <ranges>

#include "fuzz/snp/guest_target.hh"
#include "platforms/snp/exits.hh"
#include "platforms/snp/processors.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

enum Kind : uint8_t { create, destroy, grant, probe, share_page, accept_page, secret, kind_count };
constexpr uint64_t pool[] = {512, 513, 514, 515, 516, 517, 518, 519, 520, 521};
constexpr ArgDesc slot{"slot", slots_max + 1}, gfn{"gfn", mock_snp::guest_frames, pool};
constexpr StepDesc steps[] = {{"create", {slot, ArgDesc{"apic_id", 0x1'0000'0000}}}, {"destroy", {slot, ArgDesc{"apic_id", 0x1'0000'0000}}}, {"grant", {gfn, ArgDesc{"vmpl", 5}}},
                                         {"probe", {gfn}}, {"share", {gfn}}, {"accept", {gfn}}, {"secret", {gfn}}};
static_assert(std::size(steps) == kind_count);
constexpr Tale likely_tales[] = {Tale::starts, Tale::exchanged_page};
constexpr ActKind likely_acts[] = {ActKind::start, ActKind::start, ActKind::start, ActKind::info_1, ActKind::info_2, ActKind::ignore, ActKind::remap, ActKind::unassign, ActKind::reg};
constexpr uint64_t likely_words[] = {513, 514, 516, 518, 513, 514, 1, 0, 2};
constexpr uint32_t first_pair = 512, pair_count = 4;

struct Guest : PagedProcessor {
  Guest(Hardware& hardware, std::span<Frame> states) : PagedProcessor(hardware, states), exits(ghcb), processors(ghcb, pages, first_pair, pair_count) {}
  Exits<Hardware> exits;
  Processors<Hardware> processors;
};

class SnpAp final : public GuestTarget<Guest> {
 public:
  SnpAp() : GuestTarget("snp_ap", {steps, likely_acts, likely_words, likely_tales}) {}

 private:
  void begin(World& world) override {
    begin_record();
    launch(world, std::views::iota(first_pair, first_pair + 2 * pair_count + 2));
    claimed_.fill(0);
    made_.clear();
    world.hardware.forbidden_exits = {0x8000'0005};
    guest_.emplace(world.hardware, states_);
    clear_ghcb();
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
      if (world.system.npt(frame).spa != frame) continue;
      const auto& entry = world.system.rmp(frame);
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

  std::array<unsigned, slots_max> claimed_{};
  std::vector<size_t> made_;
};

const Registered<SnpAp> registered("snp_ap", "SEV-SNP processors: state pages, starts and stops under a hypervisor that starts them late or twice");

}  // namespace
}  // namespace cupel::fuzz::snp
