#pragma once
#include "platforms/snp/ghcb.hh"

// Calls to the SVSM, for a guest that does not run at VMPL0 (SVSM specification 58019). The calling area and the call's lists are
// private memory: what they say is the SVSM's word. That it was run at all is the hypervisor's, and is checked.
namespace cupel::snp::svsm {

enum class Result : uint64_t { success = 0, incomplete = 0x8000'0000, unsupported_protocol, unsupported_call, invalid_address, invalid_format, invalid_parameter, invalid_request, busy };

// An entry of the list of pages to validate.
template <class Word>
constexpr Word pvalidate_entry(const Word& gfn, bool large, bool validate) {
  return ((gfn & Word((uint64_t{1} << 52) - 1)) << Word(12)) | Word(large ? 1 : 0) | Word(validate ? 4 : 0);
}
inline constexpr uint64_t list_header = 8, list_entries_max = (0x1000 - list_header) / 8;
// Whether the list's header is one of this request after a part of it: nothing skipped, nothing beyond its end.
template <class Word>
constexpr bool list_progress(const Word& next_before, const Word& entries, const Word& header) {
  if ((header >> Word(32)) != Word(0)) return false;
  if ((header & Word(0xffff)) != entries) return false;
  const Word next = (header >> Word(16)) & Word(0xffff);
  if (next < next_before) return false;
  return static_cast<bool>(next <= entries);
}

template <SnpHardware Hardware>
class Svsm {
 public:
  // Both pages are private and known to the SVSM.
  Svsm(Ghcb<Hardware>& ghcb, uint64_t calling_area, uint64_t list_gpa) : ghcb_(ghcb), core_(ghcb.core()), area_(calling_area), list_(list_gpa) {}

  // RAX the protocol and call, RCX an argument; the result in RAX.
  uint64_t call(uint32_t protocol, uint32_t number, uint64_t argument);
  // Validates or rescinds frames by the SVSM's hand, a list at a time.
  void pvalidate(uint64_t gfn, uint64_t pages, bool validate);

 private:
  Ghcb<Hardware>& ghcb_;
  Core<Hardware>& core_;
  uint64_t area_, list_;
};

template <SnpHardware Hardware>
uint64_t Svsm<Hardware>::call(uint32_t protocol, uint32_t number, uint64_t argument) {
  Hardware& hardware = core_.hardware;
  const bool interrupts = core_.set_interrupts(false);
  hardware.set_call_registers(uint64_t{protocol} << 32 | number, argument);
  hardware.store_private(area_, 1);  // call pending
  core_.msr_exchange(msr::run_vmpl_request<uint64_t>(0), SITE("msr.run_vmpl", "no error; and the call is pending no more", "a_level_was_run_only_where_no_bit_says_otherwise"), [](uint64_t word) { return msr::run_vmpl_answer(word); }, Reason::call_skipped);
  const uint64_t pending = hardware.load_private(area_);
  hardware.store_private(area_, 0);
  core_.require((pending & 0xff) == 0, Reason::call_skipped);  // success that nobody achieved
  core_.set_interrupts(interrupts);
  return hardware.call_result();
}

template <SnpHardware Hardware>
void Svsm<Hardware>::pvalidate(uint64_t gfn, uint64_t pages, bool validate) {
  Hardware& hardware = core_.hardware;
  for (uint64_t done = 0; done < pages;) {
    const uint64_t entries = pages - done < list_entries_max ? pages - done : list_entries_max;
    for (uint64_t index = 0; index < entries; ++index) hardware.store_private(list_ + list_header + index * 8, pvalidate_entry<uint64_t>(gfn + done + index, false, validate));
    uint64_t next = 0;
    hardware.store_private(list_, entries);
    for (unsigned stuck = 0; next < entries;) {
      const uint64_t result = call(0, 1, list_);
      const uint64_t header = hardware.load_private(list_);
      core_.require(result == 0 || result == static_cast<uint64_t>(Result::incomplete), Reason::validate_failed);
      core_.require(list_progress<uint64_t>(next, entries, header), Reason::validate_failed);
      const uint64_t now = header >> 16 & 0xffff;
      core_.require(result != 0 || now == entries, Reason::validate_failed);
      stuck = now == next ? stuck + 1 : 0;
      core_.require(stuck < 16, Reason::page_state_stuck);
      next = now;
    }
    done += entries;
  }
}

}  // namespace cupel::snp::svsm
