#pragma once
#include "platforms/snp/core.hh"

// What the two sides agree on before anything else, and keep: the protocol's version, the hypervisor's features, and where
// the GHCB is.
namespace cupel::snp {

// SEV_STATUS (MSR C001_0131): bits 0 to 2 SEV, SEV-ES, SEV-SNP; bit n+2 is SEV_FEATURES bit n.
namespace status {
inline constexpr uint64_t sev = 1, es = 2, snp = 4;
constexpr uint64_t feature(unsigned bit) { return uint64_t{1} << (bit + 2); }
inline constexpr uint64_t restricted_injection = feature(3), alternate_injection = feature(4), debug_swap = feature(5), secure_tsc = feature(9);
// Needed: an SNP guest whose debug registers are its own.
inline constexpr uint64_t required = sev | es | snp | debug_swap;
// What we know how to live with: also ReflectVC's absence, PreventHostIBS, BTB isolation, the IBPB on entry.
inline constexpr uint64_t known = required | restricted_injection | alternate_injection | secure_tsc | feature(6) | feature(7) | feature(21);
}  // namespace status

// Whether a guest with these bits may run: all that is required, nothing that is unknown, and one of the two ways in which
// no event but those we ask for comes in.
template <class Word>
constexpr bool sev_status_accepted(const Word& bits) {
  if ((bits & Word(status::required)) != Word(status::required)) return false;
  if ((bits & Word(~status::known)) != Word(0)) return false;
  return static_cast<bool>((bits & Word(status::restricted_injection | status::alternate_injection)) != Word(0));
}

template <SnpHardware Hardware>
class Negotiation {
 public:
  explicit Negotiation(Core<Hardware>& core) : core_(core) {}

  void check_status() { core_.require(sev_status_accepted(core_.hardware.sev_status()), Reason::sev_status); }
  // Version 2 of the protocol, and the features, which are asked for once and frozen.
  void agree();
  // Registers the GHCB's page, which must have been made shared; the hypervisor's preference is heard only.
  void register_ghcb();

  uint64_t features() const { return features_; }
  uint64_t c_bit_hint() const { return c_bit_hint_; }

 private:
  Core<Hardware>& core_;
  uint64_t features_ = 0, c_bit_hint_ = 0;
  bool agreed_ = false;
};

template <SnpHardware Hardware>
void Negotiation<Hardware>::agree() {
  if (agreed_) return;  // what was said first is what holds: a second answer could differ
  c_bit_hint_ = core_.msr_exchange(static_cast<uint64_t>(msr::Info::sev_info_request), SITE("msr.sev_info", "least <= 2 <= greatest, reserved bits 0", "a_version_is_agreed_exactly_where_both_sides_speak_it"),
                                   [](uint64_t word) { return msr::sev_info_answer(word); }, Reason::protocol_version);
  features_ = core_.msr_exchange(static_cast<uint64_t>(msr::Info::features_request), SITE("msr.features", "SNP among them; frozen", "a_hypervisor_without_snp_is_refused"),
                                 [](uint64_t word) { return msr::features_answer(word); }, Reason::features_missing);
  agreed_ = true;
}

template <SnpHardware Hardware>
void Negotiation<Hardware>::register_ghcb() {
  core_.msr_exchange(static_cast<uint64_t>(msr::Info::preferred_ghcb_request), SITE("msr.preferred_ghcb", "paired; not followed", "a_preference_is_only_heard"),
                     [](uint64_t word) { return msr::preferred_ghcb_answer(word); }, Reason::unpaired_answer);
  const uint64_t gfn = core_.ghcb_gpa() >> 12;
  core_.msr_exchange(msr::register_request(gfn), SITE("msr.register_ghcb", "our own frame comes back", "a_ghcb_is_registered_only_where_its_own_frame_comes_back"),
                     [gfn](uint64_t word) { return msr::register_answer(word, gfn); }, Reason::registration_refused);
  core_.hardware.write_ghcb_msr(core_.ghcb_gpa());
}

}  // namespace cupel::snp
