#pragma once
#include <algorithm>

#include "fuzz/snp/snp_target.hh"
#include "platforms/snp/negotiation.hh"
#include "platforms/snp/page_states.hh"

// What the targets that run a guest share: its processor's core and GHCB, a record of its pages, and the names that all of
// them use.
namespace cupel::fuzz::snp {

using Hardware = mock_snp::Hardware;
using mock_snp::ActKind;
namespace frames = mock_snp::frames;
using Step = GuestStep;

constexpr uint64_t address_of(uint64_t gfn) { return gfn << 12; }

// One virtual processor, with the page it talks through.
struct Processor {
  explicit Processor(Hardware& hardware, uint64_t ghcb_gfn = frames::ghcb) : core(hardware, address_of(ghcb_gfn)), negotiation(core), ghcb(core) {}
  cupel::snp::Core<Hardware> core;
  cupel::snp::Negotiation<Hardware> negotiation;
  cupel::snp::Ghcb<Hardware> ghcb;
};

// And what it knows of its pages.
struct PagedProcessor : Processor {
  PagedProcessor(Hardware& hardware, std::span<cupel::snp::Frame> states, uint64_t ghcb_gfn = frames::ghcb) : Processor(hardware, ghcb_gfn), pages(ghcb, cupel::snp::Shadow(0, states)) {}
  cupel::snp::PageStates<Hardware> pages;
};

// A target whose steps are those of one guest.
template <class Guest>
class GuestTarget : public SnpTarget {
 protected:
  using SnpTarget::SnpTarget;

  // What a guest's own page holds when it becomes the hypervisor's to read is the guest's to clear.
  void clear_ghcb() { guest_->ghcb.clear_page(); }
  // A record in which only the special frames have a state: they are nobody's to take.
  void begin_record() {
    states_.assign(mock_snp::guest_frames, cupel::snp::Frame{});
    for (uint32_t frame = frames::special; frame < mock_snp::guest_frames; ++frame) states_[frame] = {cupel::snp::PageState::shared, cupel::snp::Role::pinned};
  }
  // Pages that are the guest's from the launch on.
  template <class Frames>
  void launch(World& world, const Frames& all) {
    for (const uint32_t frame : all) {
      world.hardware.launch(frame);
      states_[frame] = {cupel::snp::PageState::private_valid, cupel::snp::Role::none};
    }
  }

  std::vector<cupel::snp::Frame> states_;
  std::optional<Guest> guest_;
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

}  // namespace cupel::fuzz::snp
