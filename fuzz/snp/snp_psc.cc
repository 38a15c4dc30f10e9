// Page state changes against a hostile hypervisor.
#include "fuzz/snp/guest_target.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

constexpr uint64_t likely_frames[] = {2, 3, 4, 5, 511, 512, 513, 600, 1023, 1024, 1535, 1536};
constexpr uint64_t likely_counts[] = {1, 1, 1, 2, 3, 8, 253, 254, 300, 512, 513};
constexpr ArgDesc gfn{"gfn", mock_snp::guest_frames, likely_frames}, pages{"pages", 600, likely_counts}, value{"value", 0};
enum Kind : uint8_t { negotiate, accept_early, share_early, accept, share, touch, store, load, pin, kind_count };
constexpr StepDesc steps[] = {{"negotiate"},          {"accept_early", {gfn}}, {"share_early", {gfn}}, {"accept", {gfn, pages}, {}, 4}, {"share", {gfn, pages}, {}, 3},
                                         {"touch", {gfn}},       {"store", {gfn, value}, {}, 2}, {"load", {gfn}, {}, 3},        {"pin", {gfn, pages}}};
static_assert(std::size(steps) == kind_count);
constexpr Tale likely_tales[] = {Tale::exchanged_page, Tale::own_page, Tale::msr};
constexpr ActKind likely_acts[] = {ActKind::flip, ActKind::answer, ActKind::splice, ActKind::poke, ActKind::info_1, ActKind::info_2, ActKind::current, ActKind::end, ActKind::header_reserved, ActKind::entry, ActKind::partial,
                                   ActKind::remap, ActKind::assign, ActKind::unassign, ActKind::smash, ActKind::stall, ActKind::resume, ActKind::invalid};

class SnpPsc final : public GuestTarget<PagedProcessor> {
 public:
  SnpPsc() : GuestTarget("snp_psc", {steps, likely_acts, {}, likely_tales}) {}

 private:
  void begin(World& world) override {
    states_.assign(frames::special, Frame{});
    pinned_.clear();
    guest_.emplace(world.hardware, states_);
    world.hardware.entries.on_vc = [this](uint64_t) { guest_->pages.on_not_validated(); };
    clear_ghcb();
  }

  std::string_view perform(World& world, const GuestStep& step) override {
    const uint64_t frame = step.args[0], count = step.args[1];
    PageStates<Hardware>& all = guest_->pages;
    switch (step.kind) {
      case negotiate:
        guest_->negotiation.check_status();
        guest_->negotiation.agree();
        guest_->negotiation.register_ghcb();
        break;
      case accept_early: all.accept_early(frame); break;
      case share_early: all.share_early(frame); break;
      case accept: all.accept(frame, count); break;
      case share: all.share(frame, count); break;
      case touch:
      case load:
        if (all.shadow().covers(frame, 1) && all.shadow().state(frame) == PageState::private_valid) static_cast<void>(world.hardware.load_private(frame << 12));
        break;
      case store:
        if (all.shadow().covers(frame, 1) && all.shadow().state(frame) == PageState::private_valid) world.hardware.store_private(frame << 12, step.args[1]);
        break;
      case pin: {
        const bool pinned = all.shadow().all_allow(frame, count, PageAct::rescind) && all.shadow().claim(frame, count, Role::pinned);
        if (pinned) pinned_.push_back(frame);
        return pinned ? "done" : "refused";
      }
      default: break;
    }
    for (const uint64_t one : pinned_) {
      if (all.shadow().role(one) == Role::pinned && !world.hardware.mapped_encrypted(one)) violate(world, "shadow", "pinned pages stay private", "one was shared");
    }
    return "done";
  }

  bool legal(const World& world, const GuestStep& step) override {
    const Shadow& shadow = guest_->pages.shadow();
    if (world.hardware.terminated()) return false;
    switch (step.kind) {
      case negotiate: return true;
      case accept_early: return shadow.all_allow(step.args[0], 1, PageAct::psc_private);
      case share_early: return shadow.all_allow(step.args[0], 1, PageAct::rescind);
      case accept: return step.args[1] > 0 && shadow.all_allow(step.args[0], step.args[1], PageAct::psc_private);
      case share: return step.args[1] > 0 && shadow.all_allow(step.args[0], step.args[1], PageAct::rescind);
      default: return false;
    }
  }

  bool has_secrets() const override { return false; }

  std::vector<uint64_t> pinned_;
};

const Registered<SnpPsc> registered("snp_psc", "SEV-SNP page state changes against a hostile hypervisor");

}  // namespace
}  // namespace cupel::fuzz::snp
