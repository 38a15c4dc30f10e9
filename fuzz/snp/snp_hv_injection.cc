// #HV and the doorbell page: events that come at any instruction, with whatever vector the hypervisor likes.
#include "fuzz/snp/guest_target.hh"
#include "platforms/snp/doorbell.hh"
#include "platforms/snp/exits.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

constexpr uint64_t vectors[] = {0x20, 0x30, 0x80, 0xff, 14, 29};
enum Kind : uint8_t { open, allow, enable, disable, work, exit, msr_exit, wait, kind_count };
constexpr StepDesc steps[] = {{"open"}, {"allow", {ArgDesc{"vector", 256, vectors}}}, {"enable"}, {"disable"}, {"work", {ArgDesc{"count", 8}}}, {"exit"}, {"msr_exit"}, {"wait"}};
static_assert(std::size(steps) == kind_count);
constexpr Tale likely_tales[] = {Tale::exception, Tale::msr, Tale::words};
constexpr ActKind likely_acts[] = {ActKind::signal, ActKind::signal, ActKind::signal, ActKind::post, ActKind::info_2, ActKind::poke};
constexpr uint64_t likely_words[] = {0x20, 0x30, 0x8020, 0x80, 14, 0x120, 0x220, 0x420, 0x8000, 0};

struct Guest : Processor {
  Guest(Hardware& hardware, std::vector<uint8_t>& dispatched_vectors) : Processor(hardware), exits(ghcb), doorbell(ghcb, address_of(frames::doorbell), {dispatch, this}), dispatched(dispatched_vectors) {}
  static void dispatch(void* self, uint8_t vector) {
    static_cast<Guest*>(self)->dispatched.push_back(vector);
    static_cast<Guest*>(self)->exits.nmi_complete();  // a handler exits as well
  }
  Exits<Hardware> exits;
  Doorbell<Hardware> doorbell;
  std::vector<uint8_t>& dispatched;
};

class SnpHvInjection final : public GuestTarget<Guest> {
 public:
  SnpHvInjection() : GuestTarget("snp_hv_injection", {steps, likely_acts, likely_words, likely_tales, open}) {}

 private:
  void begin(World& world) override {
    dispatched_.clear();
    allowed_.fill(false);
    opened_ = false;
    world.hardware.map_shared(frames::doorbell);
    guest_.emplace(world.hardware, dispatched_);
    world.hardware.entries.on_hv = [this] { guest_->doorbell.on_hv(); };
    world.hardware.launch(8);
    clear_ghcb();
  }

  // Every event that was taken from the doorbell was dispatched, once, in this order, and may be dispatched at all.
  void judge(World& world) {
    std::vector<uint8_t> expected;
    for (const uint64_t word : world.hardware.doorbell_taken) {
      const auto vector = static_cast<uint8_t>(word & 0xff);
      if ((word & 0x7f00) != 0 || (vector != 0 && (vector < 32 || vector == 0x80 || !allowed_[vector]))) violate(world, "events", "the end, for an event that nobody asked for", "word " + std::to_string(word) + " was lived with");
      if (vector != 0) expected.push_back(vector);
    }
    std::ranges::sort(expected);
    auto got = dispatched_;
    std::ranges::sort(got);
    if (expected != got) violate(world, "events", std::to_string(expected.size()) + " events dispatched once each", std::to_string(got.size()) + " dispatched");
    if (opened_ && guest_->core.interrupts_on() && world.hardware.doorbell_owed) violate(world, "events", "an event that was signalled is dispatched once interrupts are on", "it is still pending");
  }

  std::string_view perform(World& world, const Step& step) override {
    auto& doorbell = guest_->doorbell;
    switch (step.kind) {
      case open:
        doorbell.open();
        opened_ = true;
        break;
      case allow:
        doorbell.allow(static_cast<uint8_t>(step.args[0]));
        allowed_[step.args[0]] = step.args[0] >= 32 && step.args[0] != 0x80;
        break;
      case enable:
        if (opened_) doorbell.enable();
        break;
      case disable: doorbell.disable(); break;
      case work:
        for (uint64_t index = 0; index < step.args[0]; ++index) static_cast<void>(world.hardware.load_private((8 << 12) + index * 8));
        break;
      case exit: {
        const auto got = guest_->exits.read_msr(0x830);
        if (got && dispatched_.empty()) expect_equal(world, "diff", "the exit's own answer", world.hardware.seen_field(0x1f8) & 0xffff'ffff, *got & 0xffff'ffff);
        break;
      }
      case msr_exit:
        guest_->negotiation.register_ghcb();
        break;
      default:
        if (opened_) doorbell.wait();
        break;
    }
    judge(world);
    return "done";
  }
  void finish(World& world) override { judge(world); }
  bool legal(const World& world, const Step& step) override { return !world.hardware.terminated() && step.kind != exit; }

  std::vector<uint8_t> dispatched_;
  std::array<bool, 256> allowed_{};
  bool opened_ = false;
};

const Registered<SnpHvInjection> registered("snp_hv_injection", "SEV-SNP restricted injection: events at every instruction, from a hypervisor that sends any");

}  // namespace
}  // namespace cupel::fuzz::snp
