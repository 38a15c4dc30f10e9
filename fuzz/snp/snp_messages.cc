// Guest messages and attestation through a hypervisor that drops, replays and damages, with the secure processor's real AES-GCM.
#include "fuzz/snp/guest_target.hh"
#include "platforms/mock/snp/gcm.hh"
#include "platforms/snp/attestation.hh"
#include "platforms/snp/secrets_page.hh"

namespace cupel::fuzz::snp {
namespace {

using namespace cupel::snp;

constexpr uint64_t sequences[] = {0, 2, 0xffff'fff0, 0xffff'fffd, 0xffff'fffe, 0xffff'ffff};
enum Kind : uint8_t { start, report, extended_report, derive_key, tsc_factor, kind_count };
constexpr StepDesc steps[] = {{"start", {ArgDesc{"sequence", 0, sequences}}}, {"report", {ArgDesc{"nonce"}}}, {"extended_report", {ArgDesc{"nonce"}}, {}, 2}, {"derive_key", {ArgDesc{"fields", 128}}}, {"tsc_factor"}};
static_assert(std::size(steps) == kind_count);
constexpr Tale likely_tales[] = {Tale::unserved, Tale::words, Tale::registers};
constexpr ActKind likely_acts[] = {ActKind::info_2, ActKind::refuse, ActKind::replay, ActKind::damage, ActKind::damage, ActKind::ignore, ActKind::invalid, ActKind::reg, ActKind::info_1, ActKind::poke};
constexpr uint64_t likely_words[] = {uint64_t{2} << 32, uint64_t{1} << 32, 5, 0x16, uint64_t{0x8000'0000} << 32, 1, 2, UINT64_MAX, 4096, 1000};

struct Guest : Processor {
  using Channel = Messages<Hardware, mock_snp::Gcm>;
  explicit Guest(Hardware& hardware)
      : Processor(hardware), messages(ghcb, {address_of(frames::request), address_of(frames::response), address_of(frames::certificates), frames::certificate_pages}, 0), attestation(messages, 0) {}
  Channel messages;
  Attestation<Hardware, mock_snp::Gcm> attestation;
};

class SnpMessages final : public GuestTarget<Guest> {
 public:
  SnpMessages() : GuestTarget("snp_messages", {steps, likely_acts, likely_words, likely_tales}) {}

 private:
  void begin(World& world) override {
    auto& hardware = world.hardware;
    for (const uint32_t gfn : {frames::request, frames::response, frames::certificates, frames::certificates + 1}) hardware.map_shared(gfn);
    hardware.opaque_gfn = frames::request;
    hardware.launch(frames::secrets);
    world.system.word(address_of(frames::secrets)) = 2;
    for (unsigned level = 0; level < 4; ++level) {
      for (unsigned word = 0; word < 4; ++word) {
        uint64_t part = 0;
        for (unsigned byte = 0; byte < 8; ++byte) part |= uint64_t{world.secure_processor.key(level)[word * 8 + byte]} << (byte * 8);
        world.system.word(address_of(frames::secrets) + 0x20 + level * 32 + word * 8) = part;
      }
    }
    auto& report = world.secure_processor.report_template;
    report[0] = 2, report[0x34] = 1, report[0x0a] = 2;
    guest_.emplace(hardware);
    started_ = false;
    requests_ = 0;
    clear_ghcb();
  }

  void start_channel(World& world, uint64_t sequence) {
    if (started_) return;
    const Secrets secrets = take_secrets(guest_->core, address_of(frames::secrets), 0);
    for (unsigned word = 0; word < 16; ++word) {
      if (world.system.word(address_of(frames::secrets) + 0x20 + word * 8) != 0) violate(world, "policy", "no key left in the secrets page", "word " + std::to_string(word) + " of them");
    }
    guest_->messages.set_key(secrets.key, sequence);
    world.secure_processor.set_count(sequence);
    started_ = true;
  }

  std::string_view perform(World& world, const Step& step) override {
    start_channel(world, step.kind == start ? step.args[0] & 0xffff'ffff : 0);
    const uint64_t processed = world.secure_processor.processed();
    const uint64_t sequence = guest_->messages.sequence();
    bool good = true;
    switch (step.kind) {
      case report:
      case extended_report: {
        Requirements need;
        for (unsigned byte = 0; byte < 8; ++byte) need.report_data[byte] = static_cast<uint8_t>(step.args[0] >> (byte * 8));
        need.report_data[8] = static_cast<uint8_t>(++requests_);
        std::array<uint8_t, report_size> out{};
        good = guest_->attestation.report(need, out, step.kind == extended_report).has_value();
        if (good && !std::equal(need.report_data.begin(), need.report_data.end(), out.begin() + 0x50)) violate(world, "policy", "a report for our own nonce", "another's");
        if (good && step.kind == extended_report) {
          std::vector<uint8_t> certificates(frames::certificate_pages * 4096 + 4096);
          const auto size = guest_->messages.copy_certificates(certificates);
          if (!size || *size > frames::certificate_pages * 4096) violate(world, "bounds", "certificates within our own pages", "more");
        }
        break;
      }
      case derive_key: {
        std::array<uint8_t, 32> key{};
        good = guest_->attestation.derive_key(step.args[0], key).has_value();
        break;
      }
      case tsc_factor: {
        const auto factor = guest_->attestation.tsc_factor();
        good = factor.has_value();
        if (good) expect_equal(world, "diff", "the secure processor's own word", 200, *factor);
        break;
      }
      default: break;
    }
    world.hardware.conclude();
    if (step.kind == start) return "done";
    if (good && world.secure_processor.processed() == processed) violate(world, "nonce", "an answer to this request", "one that was never given to it");
    if (good && guest_->messages.sequence() <= sequence) violate(world, "nonce", "answers with rising numbers", "one that does not");
    return good ? "done" : "refused";
  }

  bool legal(const World& world, const Step& step) override {
    if (world.hardware.terminated()) return false;
    if (step.kind == start) return true;
    return !started_ || (guest_->messages.alive() && guest_->messages.sequence() < 0xffff'fffe);
  }
  void finish(World& world) override {
    // Wherever the channel ended, its key is gone.
    if (started_ && !guest_->messages.alive() && guest_->messages.key_left()) violate(world, "policy", "no key after the end of its channel", "its bytes");
  }

  uint64_t requests_ = 0;
  bool started_ = false;
};

const Registered<SnpMessages> registered("snp_messages", "SEV-SNP guest messages, reports and keys through a hypervisor that drops, replays and damages");

}  // namespace
}  // namespace cupel::fuzz::snp
