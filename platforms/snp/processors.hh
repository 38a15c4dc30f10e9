#pragma once
#include <atomic>

#include "platforms/snp/page_states.hh"

// Other processors: their state pages (VMSAs), their start, and who they are when they arrive.
namespace cupel::snp {

// The fields of a VMSA that a start sets (APM volume 2, table B-4), by word.
namespace vmsa {
inline constexpr uint64_t vmpl = 0xc8, efer = 0xd0, cr4 = 0x148, cr3 = 0x150, cr0 = 0x158, dr7 = 0x160, dr6 = 0x168, rflags = 0x170, rip = 0x178, rsp = 0x1d8, pat = 0x268, rdi = 0x338, features = 0x3b0, xcr0 = 0x3e8, x87 = 0x408;
inline constexpr uint64_t efer_svme = 0x1000, efer_long = 0x500;
}  // namespace vmsa

// The page of a pair that lies at no 2M boundary: there an erratum makes the hypervisor's and the processor's idea of it differ.
template <class Word>
constexpr Word vmsa_page_of(const Word& pair) {
  if ((pair & Word(511)) == Word(0)) return pair + Word(1);
  return pair;
}
// RMPADJUST's RDX.
template <class Word>
constexpr Word adjust_attributes(const Word& target, const Word& permissions, bool is_vmsa) {
  return (target & Word(0xff)) | ((permissions & Word(0xf)) << Word(8)) | Word(is_vmsa ? uint64_t{1} << 16 : 0);
}

enum class SlotState : uint8_t { empty, prepared, claimed };
inline constexpr size_t slots_max = 4;

struct ProcessorStart {
  uint64_t rip = 0, rsp = 0, cr3 = 0;
};

template <SnpHardware Hardware>
class Processors {
 public:
  // `pairs`: private, validated frames, two for each VMSA that may ever be made.
  Processors(Ghcb<Hardware>& ghcb, PageStates<Hardware>& pages, uint64_t first_pair, uint64_t pair_count) : ghcb_(ghcb), core_(ghcb.core()), pages_(pages), first_pair_(first_pair), pair_count_(pair_count) {}

  // Makes the state page of an empty slot's processor and asks for its start. False: no page left, or the slot is not empty.
  bool create(size_t slot, uint32_t apic_id, const ProcessorStart& start);
  // Which slot a started processor is for: by the register in its own state page.
  uint64_t identity(uint64_t rdi) { return rdi; }
  // What a started processor does first, with the slot that its own state page names. False: not the one; it parks.
  bool arrive(uint64_t slot);
  // Takes a processor away. Its page is used again only where the processor says that nobody runs on it.
  void destroy(size_t slot, uint32_t apic_id);
  SlotState state(size_t slot) const { return slots_[slot].state; }
  uint64_t leaked() const { return leaked_; }

  // Gives a page to a lower privilege level; it holds nothing of ours by then.
  void grant(uint64_t gfn, uint64_t vmpl, uint64_t permissions);
  // Whether we run at VMPL0: only then may permissions be changed.
  void require_highest_level(uint64_t own_gfn);

 private:
  struct Slot {
    SlotState state = SlotState::empty;
    uint64_t gfn = 0;
  };
  void write_state(uint64_t gfn, size_t slot, const ProcessorStart& start);
  void adjust(uint64_t gfn, uint64_t vmpl, uint64_t permissions, bool is_vmsa);
  bool take_page(uint64_t& gfn);

  Ghcb<Hardware>& ghcb_;
  Core<Hardware>& core_;
  PageStates<Hardware>& pages_;
  uint64_t first_pair_, pair_count_, next_pair_ = 0, leaked_ = 0;
  std::array<Slot, slots_max> slots_{};
};

template <SnpHardware Hardware>
void Processors<Hardware>::adjust(uint64_t gfn, uint64_t vmpl, uint64_t permissions, bool is_vmsa) {
  const uint32_t code = core_.hardware.rmpadjust(gfn, PageSize::small, adjust_attributes<uint64_t>(vmpl, permissions, is_vmsa));
  core_.require(code == adjust_ok, Reason::adjust_failed);
}

template <SnpHardware Hardware>
void Processors<Hardware>::require_highest_level(uint64_t own_gfn) {
  // Only a page of no other role: what the probe writes is permissions.
  core_.require(pages_.shadow().all_allow(own_gfn, 1, PageAct::rescind), Reason::shadow_forbids);
  adjust(own_gfn, 1, 0, false);
}

template <SnpHardware Hardware>
void Processors<Hardware>::grant(uint64_t gfn, uint64_t vmpl, uint64_t permissions) {
  core_.require(vmpl > 0 && vmpl < 4 && pages_.shadow().all_allow(gfn, 1, PageAct::rescind), Reason::shadow_forbids);
  core_.hardware.zero_private(gfn);
  adjust(gfn, vmpl, permissions, false);
}

template <SnpHardware Hardware>
bool Processors<Hardware>::take_page(uint64_t& gfn) {
  while (next_pair_ < pair_count_) {
    gfn = vmsa_page_of<uint64_t>(first_pair_ + 2 * next_pair_++);
    if (pages_.shadow().all_allow(gfn, 1, PageAct::make_vmsa) && pages_.shadow().claim(gfn, 1, Role::vmsa)) return true;
  }
  return false;
}

template <SnpHardware Hardware>
void Processors<Hardware>::write_state(uint64_t gfn, size_t slot, const ProcessorStart& start) {
  const uint64_t gpa = gfn << 12;
  const auto store = [&](uint64_t offset, uint64_t value) { core_.hardware.store_private(gpa + offset, value); };
  store(vmsa::vmpl, 0);
  store(vmsa::efer, vmsa::efer_svme | vmsa::efer_long);
  store(vmsa::cr4, 0x20);
  store(vmsa::cr3, start.cr3);
  store(vmsa::cr0, 0x8001'0033);
  store(vmsa::dr7, 0x400);
  store(vmsa::dr6, 0xffff'0ff0);
  store(vmsa::rflags, 2);
  store(vmsa::rip, start.rip);
  store(vmsa::rsp, start.rsp);
  store(vmsa::pat, 0x0007'0406'0007'0406);
  store(vmsa::rdi, slot);  // who it is: by our own word, and not by the APIC id that the hypervisor gives it
  store(vmsa::features, core_.hardware.sev_status() >> 2);
  store(vmsa::xcr0, 1);
  store(vmsa::x87, 0x0040'5555'0000'1f80);  // FCW, FTW, MXCSR
}

template <SnpHardware Hardware>
bool Processors<Hardware>::create(size_t slot, uint32_t apic_id, const ProcessorStart& start) {
  if (slot >= slots_max || slots_[slot].state != SlotState::empty) return false;  // one that is prepared may still arrive
  uint64_t gfn = 0;
  if (!take_page(gfn)) return false;
  core_.hardware.zero_private(gfn);
  write_state(gfn, slot, start);
  // The lower levels have no access to it, and nobody has by an old translation.
  adjust(gfn, 1, 0, true);
  pages_.shadow().apply(gfn, PageAct::make_vmsa);
  core_.hardware.flush_translations();
  slots_[slot] = {SlotState::prepared, gfn};
  const Answer answer = ghcb_.exchange({.event = ghcb::Event::ap_creation, .info_1 = uint64_t{apic_id} << 32 | 1, .info_2 = gfn << 12, .in = {.rax = core_.hardware.sev_status() >> 2}});
  core_.require(answer.raised == ghcb::Raised::none, Reason::start_refused);
  return true;
}

template <SnpHardware Hardware>
bool Processors<Hardware>::arrive(uint64_t slot) {
  core_.require(slot < slots_max, Reason::general);
  SlotState expected = SlotState::prepared;
  // One claim for each slot: a second processor, started late or twice, finds it taken.
  return std::atomic_ref(slots_[slot].state).compare_exchange_strong(expected, SlotState::claimed);
}

template <SnpHardware Hardware>
void Processors<Hardware>::destroy(size_t slot, uint32_t apic_id) {
  if (slot >= slots_max || slots_[slot].state == SlotState::empty) return;
  static_cast<void>(ghcb_.exchange({.event = ghcb::Event::ap_creation, .info_1 = uint64_t{apic_id} << 32 | 2, .info_2 = slots_[slot].gfn << 12, .in = {.rax = core_.hardware.sev_status() >> 2}}));
  const uint64_t gfn = slots_[slot].gfn;
  // That the hypervisor says yes is no proof. The processor is asked: it refuses while anyone runs on the page.
  if (core_.hardware.rmpadjust(gfn, PageSize::small, adjust_attributes<uint64_t>(1, 0, false)) != adjust_ok) {
    ++leaked_;  // the page stays what it is, for ever
    return;
  }
  pages_.shadow().apply(gfn, PageAct::clear_vmsa);
  core_.hardware.zero_private(gfn);
  pages_.shadow().release(gfn, 1);
  slots_[slot] = {};
}

}  // namespace cupel::snp
