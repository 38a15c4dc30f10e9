#pragma once
#include "platforms/snp/cpuid_page.hh"
#include "platforms/snp/entropy.hh"
#include "platforms/snp/negotiation.hh"
#include "platforms/snp/page_states.hh"
#include "platforms/snp/secrets_page.hh"

// The order of the first steps (fact sheet 0.2). Each that fails ends the machine with a reason of its own.
namespace cupel::snp {

// What the measured image itself says. Nothing of it comes from boot data.
struct BootLayout {
  uint64_t cpuid_gpa, secrets_gpa, ghcb_gfn, proof_gpa, gate_gpa;
  unsigned vmpl;
};

// A range of memory that unmeasured boot data (E820) offers.
struct OfferedRange {
  uint64_t start, size;
};

// Whether offered memory may be taken: whole pages, no wrap, within what our record can hold.
template <class Word>
constexpr bool range_offered(const Word& start, const Word& size, const Word& limit) {
  if ((start & Word(0xfff)) != Word(0)) return false;
  if ((size & Word(0xfff)) != Word(0)) return false;
  if (size == Word(0)) return false;
  if (start > limit) return false;
  return static_cast<bool>(size <= limit - start);
}

// A decision that stays "no" where a store is lost (CVE-2023-20592, "CacheWarp"): it is no from the start, and only the last step
// makes it yes; a line of cache that is dropped takes it back to no.
template <SnpHardware Hardware>
class Gate {
 public:
  static constexpr uint64_t open_word = 0x6f70'656e'2067'6174;
  Gate(Core<Hardware>& core, uint64_t gpa) : core_(core), gpa_(gpa) {}
  void prepare() { core_.hardware.store_private(gpa_, 0); }
  void decide(bool yes) {
    if (yes) core_.hardware.store_private(gpa_, open_word);
  }
  bool is_open() { return core_.hardware.load_private(gpa_) == open_word; }

 private:
  Core<Hardware>& core_;
  uint64_t gpa_;
};

template <SnpHardware Hardware>
class Boot {
 public:
  Boot(PageStates<Hardware>& pages, Ghcb<Hardware>& ghcb, Negotiation<Hardware>& negotiation, const BootLayout& layout)
      : pages_(pages), ghcb_(ghcb), negotiation_(negotiation), core_(pages.core()), layout_(layout), gate_(core_, layout.gate_gpa) {}

  // All of it, in order.
  void run();
  // Takes memory that boot data offers beside what was validated at launch. The offers are copies.
  void accept_offered(std::span<const Untrusted<uint64_t>> starts, std::span<const Untrusted<uint64_t>> sizes);
  const CpuidTable& cpuid() const { return cpuid_; }
  const Secrets& secrets() const { return secrets_; }
  // Where secrets are: the measured image says so, whatever boot data says.
  uint64_t secrets_page([[maybe_unused]] uint64_t offered) const { return layout_.secrets_gpa; }
  uint64_t seed() const { return seed_; }
  Gate<Hardware>& gate() { return gate_; }

 private:
  void load_cpuid();
  void prove_c_bit();
  void open_ghcb();

  PageStates<Hardware>& pages_;
  Ghcb<Hardware>& ghcb_;
  Negotiation<Hardware>& negotiation_;
  Core<Hardware>& core_;
  BootLayout layout_;
  Gate<Hardware> gate_;
  CpuidTable cpuid_;
  Secrets secrets_;
  uint64_t seed_ = 0;
};

template <SnpHardware Hardware>
void Boot<Hardware>::run() {
  negotiation_.check_status();
  negotiation_.agree();
  load_cpuid();
  seed_ = random_word(core_);
  prove_c_bit();
  gate_.prepare();
  open_ghcb();
  secrets_ = take_secrets(core_, layout_.secrets_gpa, layout_.vmpl);
}

template <SnpHardware Hardware>
void Boot<Hardware>::load_cpuid() {
  std::array<uint64_t, cpuid_page_words> copy;
  for (uint64_t index = 0; index < copy.size(); ++index) {
    copy[index] = core_.hardware.load_chosen(layout_.cpuid_gpa + index * 8, SITE("cpuid.page", "the table as a whole: count, duplicates, required leaves", "a_count_of_cpuid_rows_bounds_every_index")).clamped(0, UINT64_MAX);
  }
  const auto table = CpuidTable::parse(copy);
  core_.require(table.has_value(), Reason::cpuid_page);
  cpuid_ = *table;
}

// Where the C-bit is, the CPUID page says within what the secure processor lets pass; that the bit encrypts is tried: a random
// word stored encrypted must be the same through tables that have the bit there.
template <SnpHardware Hardware>
void Boot<Hardware>::prove_c_bit() {
  const uint64_t word = random_word(core_);
  core_.hardware.store_private(layout_.proof_gpa, word);
  core_.require(cpuid_.c_bit() >= 32 && core_.hardware.load_through(layout_.proof_gpa, cpuid_.c_bit()) == word, Reason::c_bit);
  core_.hardware.store_private(layout_.proof_gpa, 0);
}

template <SnpHardware Hardware>
void Boot<Hardware>::open_ghcb() {
  pages_.share_early(layout_.ghcb_gfn);
  core_.require(pages_.shadow().claim(layout_.ghcb_gfn, 1, Role::ghcb), Reason::shadow_forbids);
  ghcb_.clear_page();
  negotiation_.register_ghcb();
}

template <SnpHardware Hardware>
void Boot<Hardware>::accept_offered(std::span<const Untrusted<uint64_t>> starts, std::span<const Untrusted<uint64_t>> sizes) {
  for (size_t index = 0; index < starts.size(); ++index) {
    const uint64_t limit = pages_.shadow().end() << 12;
    const auto start = starts[index].checked([](uint64_t word) { return (word & 0xfff) == 0; });
    core_.require(start.has_value(), Reason::boot_data);
    const auto size = sizes[index].checked([&](uint64_t word) { return range_offered<uint64_t>(*start, word, limit); });
    core_.require(size.has_value(), Reason::boot_data);
    // Nothing that has a state already: what was validated at launch, and what another offer gave.
    for (uint64_t page = *start >> 12; page < (*start + *size) >> 12; ++page) {
      core_.require(pages_.shadow().state(page) == PageState::private_invalid && pages_.shadow().role(page) == Role::none, Reason::boot_data);
    }
    pages_.accept(*start >> 12, *size >> 12);
  }
}

}  // namespace cupel::snp
