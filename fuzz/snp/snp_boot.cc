// The first steps, under a hypervisor that chose all that is not measured: CPUID values, the C-bit's place, memory maps, time.
#include "fuzz/snp/launch_pages.hh"
#include "platforms/snp/boot.hh"
#include "platforms/snp/clock.hh"
#include "platforms/snp/svsm.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

constexpr uint64_t status_bits[] = {0, 1, 2, 5, 7, 11, 40, 63}, c_bits[] = {51, 50, 47, 31, 0, 63}, addresses[] = {0x10'0000, 0x10'1000, 0x40'0000, 0x7c'0000, 0xffff'ffff'ffff'f000, 0x10'0800};
constexpr uint64_t lengths[] = {0x1000, 0x2000, 0x3000, 0, 0x800, 0xffff'ffff'ffff'f000, 0x80'0000}, frequencies[] = {0, 1, 999, 1000, 2'000'000, 10'000'000, 10'000'001, UINT64_MAX};
enum Kind : uint8_t { boot, status, c_bit, offer, boot_secrets, verify, time, call, call_list, kind_count };
constexpr StepDesc steps[] = {{"boot"}, {"status", {ArgDesc{"bit", 64, status_bits}}}, {"c_bit", {ArgDesc{"bit", 64, c_bits}}},
                                         {"offer", {ArgDesc{"start", 0, addresses}, ArgDesc{"size", 0, lengths}, ArgDesc{"start2", 0, addresses}, ArgDesc{"size2", 0, lengths}}},
                                         {"boot_secrets", {ArgDesc{"gpa", 0, addresses}}}, {"verify", {ArgDesc{"good", 2}}}, {"time", {ArgDesc{"khz", 0, frequencies}}},
                                         {"call", {ArgDesc{"number", 8}}, {}, 2}, {"call_list", {ArgDesc{"pages", 600}, ArgDesc{"at_once", 600}}}};
static_assert(std::size(steps) == kind_count);
constexpr Tale likely_tales[] = {Tale::msr, Tale::own_page, Tale::exchanged_page};
constexpr ActKind likely_acts[] = {ActKind::flip, ActKind::splice, ActKind::answer, ActKind::answer, ActKind::no_entropy, ActKind::time, ActKind::lose_store, ActKind::skip, ActKind::info_2, ActKind::remap};
constexpr uint64_t likely_words[] = {0, 1, 999, 5000, UINT64_MAX, uint64_t{51} << 24 | uint64_t{1} << 48 | uint64_t{1} << 32 | 1, uint64_t{2} << 48 | uint64_t{3} << 32 | 1, 0x1081, 0x2081};

constexpr uint32_t ghcb_frame = frames::ghcb_of_ap, proof = frames::special + 40, gate = frames::special + 41;

struct Guest : PagedProcessor {
  Guest(Hardware& hardware, std::span<Frame> states)
      : PagedProcessor(hardware, states, ghcb_frame), boot(pages, ghcb, negotiation, {address_of(frames::cpuid), address_of(frames::secrets), ghcb_frame, address_of(proof), address_of(gate), 0}),
        svsm(ghcb, address_of(frames::calling_area), address_of(frames::call_list)) {}
  Boot<Hardware> boot;
  svsm::Svsm<Hardware> svsm;
  std::optional<Clock<Hardware>> clock;
  bool booted = false;
};

class SnpBoot final : public GuestTarget<Guest> {
 public:
  SnpBoot() : GuestTarget("snp_boot", {steps, likely_acts, likely_words, likely_tales, boot}) {}

 private:
  void begin(World& world) override {
    auto& hardware = world.hardware;
    begin_record();
    launch(world, std::initializer_list<uint32_t>{ghcb_frame, frames::cpuid, frames::secrets, frames::calling_area, frames::call_list, proof, gate, 0x101u});
    put_cpuid_page(world, Hardware::c_bit);
    put_secrets_page(world);
    guest_.emplace(hardware, states_);
    taken_.clear();
    clock_last_ = khz_ = 0;
    status_ = Hardware::default_status, c_bit_said_ = Hardware::c_bit;
    verified_ = false;
  }

  std::string_view perform(World& world, const Step& step) override {
    auto& hardware = world.hardware;
    switch (step.kind) {
      case status:
        hardware.status = status_ ^= uint64_t{1} << step.args[0];
        return "done";
      case c_bit:
        if (!guest_->booted) put_cpuid_page(world, c_bit_said_ = step.args[0]);
        return "done";
      case boot: return perform_boot(world);
      default: break;
    }
    if (!guest_->booted) return "refused";
    switch (step.kind) {
      case offer: return perform_offer(world, step);
      case boot_secrets:
        // Boot data may say where secrets are; the image knows better.
        expect_equal(world, "rmp", "the secrets page of the measured image", address_of(frames::secrets), guest_->boot.secrets_page(step.args[0]));
        return "done";
      case verify:
        guest_->boot.gate().decide(step.args[0] != 0);
        verified_ = verified_ || step.args[0] != 0;
        if (guest_->boot.gate().is_open() && !verified_) violate(world, "answer", "a closed gate: nothing was verified", "an open one");
        return guest_->boot.gate().is_open() ? "open" : "closed";
      case time: {
        if (!guest_->clock) guest_->clock.emplace(guest_->core, Untrusted<uint64_t>(step.args[0])), khz_ = step.args[0];
        if (khz_ < 1000 || khz_ > 10'000'000) violate(world, "answer", "a frequency that a processor can have", std::to_string(khz_) + " kHz");
        for (unsigned turn = 0; turn < 4; ++turn) {
          const uint64_t now = guest_->clock->ticks();
          if (now < clock_last_) violate(world, "diff", "time that goes forward", "time that goes back");
          clock_last_ = now;
        }
        static_cast<void>(guest_->clock->nanoseconds_now());
        return "done";
      }
      case call: {
        const uint64_t result = guest_->svsm.call(0, static_cast<uint32_t>(step.args[0]), address_of(frames::call_list));
        return result == 0 ? "done" : "refused";
      }
      default: return perform_list(world, step);
    }
  }

  std::string_view perform_boot(World& world) {
    if (guest_->booted) return "refused";
    guest_->boot.run();
    world.hardware.conclude();
    guest_->booted = true;
    const uint64_t bits = world.hardware.status;
    const uint64_t known = 7 | uint64_t{0b11'1010'1} << 5 | uint64_t{1} << 9 | uint64_t{1} << 11 | uint64_t{1} << 23 | uint64_t{1} << 6 | uint64_t{1} << 8;
    if ((bits & 7) != 7 || (bits >> 7 & 1) == 0) violate(world, "answer", "the end: SEV_STATUS without SNP or DebugSwap", "a boot");
    if ((bits >> 5 & 3) == 0) violate(world, "answer", "the end: no restricted or alternate injection", "a boot");
    if ((bits & ~(known & ~(uint64_t{1} << 10))) != 0) violate(world, "answer", "the end: an unknown feature is on", "a boot");
    if (c_bit_said_ != Hardware::c_bit) violate(world, "answer", "the end: that is not the C-bit", "a boot");
    for (uint64_t word = 0; word < 16; ++word) {
      if (world.system.word(address_of(frames::secrets) + 0x20 + word * 8) != 0) violate(world, "policy", "no key left in the secrets page", "word " + std::to_string(word) + " of them");
    }
    if (guest_->boot.seed() >> 32 != Hardware::entropy_mark) violate(world, "policy", "a seed from the processor", "another");
    return "done";
  }

  std::string_view perform_offer(World& world, const Step& step) {
    const std::array starts{Untrusted<uint64_t>(step.args[0]), Untrusted<uint64_t>(step.args[2])}, sizes{Untrusted<uint64_t>(step.args[1]), Untrusted<uint64_t>(step.args[3])};
    const size_t count = step.args[2] == 0 && step.args[3] == 0 ? 1 : 2;
    guest_->boot.accept_offered(std::span(starts).first(count), std::span(sizes).first(count));
    for (size_t index = 0; index < count; ++index) {
      const uint64_t start = step.args[index * 2], size = step.args[index * 2 + 1];
      if ((start | size) % 0x1000 != 0 || size == 0 || start + size < start) violate(world, "answer", "whole pages without a wrap", "another range taken");
      for (uint64_t frame = start >> 12; frame < (start + size) >> 12; ++frame) {
        if (std::ranges::find(taken_, frame) != taken_.end()) violate(world, "shadow", "memory that was not taken before", "frame " + std::to_string(frame));
        taken_.push_back(frame);
      }
    }
    return "done";
  }

  std::string_view perform_list(World& world, const Step& step) {
    auto& hardware = world.hardware;
    hardware.svsm_entries_max = step.args[1];
    hardware.svsm_validated.clear();
    const uint32_t lost = hardware.lost_stores();
    guest_->svsm.pvalidate(0x200, step.args[0], true);
    if (hardware.lost_stores() != lost) return "done, of another list";
    expect_equal(world, "answer", "frames that were validated", step.args[0], hardware.svsm_validated.size());
    for (size_t index = 0; index < hardware.svsm_validated.size(); ++index) expect_equal(world, "answer", "a frame of the list", 0x200 + index, hardware.svsm_validated[index].first);
    return "done";
  }

  bool legal(const World& world, const Step& step) override {
    if (world.hardware.terminated()) return false;
    if (step.kind == boot) return !guest_->booted && status_ == Hardware::default_status && c_bit_said_ == Hardware::c_bit;
    if (step.kind == call_list) return guest_->booted && step.args[1] > 0;
    return false;
  }

  std::vector<uint64_t> taken_;
  uint64_t clock_last_ = 0, khz_ = 0, status_ = 0, c_bit_said_ = 0;
  bool verified_ = false;
};

const Registered<SnpBoot> registered("snp_boot", "SEV-SNP boot: features, C-bit, CPUID and secrets pages, entropy, memory maps, time and SVSM calls");

}  // namespace
}  // namespace cupel::fuzz::snp
