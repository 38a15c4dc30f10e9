#pragma once
#include "platforms/snp/hardware.hh"
#include "platforms/snp/psc.hh"
#include "platforms/snp/shadow.hh"

// The guest side of page state changes, over any hardware. Whatever does not fit ends the machine: the hypervisor can
// always stop the guest, so giving up is never worse, and going on may be.
namespace cupel::snp {

inline constexpr uint64_t exit_page_state_change = 0x8000'0010;

// Which of the GHCB's fields are valid, by offset / 8 (section 2.3: VALID_BITMAP).
inline constexpr uint64_t valid_exit_code = uint64_t{1} << (114 - 64), valid_exit_info_1 = uint64_t{1} << (115 - 64),
                          valid_exit_info_2 = uint64_t{1} << (116 - 64), valid_scratch = uint64_t{1} << (117 - 64);
inline constexpr uint64_t shared_buffer_offset = 0x800;

template <SnpHardware Hardware>
class Guest {
 public:
  Guest(Hardware& hardware, Shadow shadow) : hardware_(hardware), shadow_(shadow) {}

  // Version, features and the GHCB's registration, before any page changes hands. False: terminated.
  bool negotiate();
  // Makes shared or not yet accepted pages private, validated and zeroed. False: terminated.
  bool accept(uint64_t gfn, uint64_t pages);
  // Gives private pages to the hypervisor. Their content is zeroed first.
  bool share(uint64_t gfn, uint64_t pages);
  // One 4K page through the MSR protocol, for the time before there is a GHCB.
  bool accept_early(uint64_t gfn);
  // #VC with code 404: a page that we validated no longer is. Never answered with PVALIDATE.
  void on_not_validated() { terminate(msr::Reason::not_validated); }

  bool terminated() const { return terminated_; }
  const Shadow& shadow() const { return shadow_; }

 private:
  [[noreturn]] bool terminate(msr::Reason reason);
  bool msr_exchange(uint64_t request, Untrusted<uint64_t>& response);
  bool change_state(uint64_t gfn, uint64_t pages, psc::Operation operation);
  bool run_descriptor(uint64_t entry_count);
  void write_request(uint64_t current, uint64_t entry_count);
  bool validate_range(uint64_t gfn, uint64_t pages, bool validate);
  bool validate_pages(uint64_t gfn, uint64_t pages, bool validate);

  Hardware& hardware_;
  Shadow shadow_;
  bool terminated_ = false;
  // The request as we made it: private, and the truth. What comes back in shared memory is progress at most.
  uint64_t descriptor_[psc::entries_max] = {};
};

template <SnpHardware Hardware>
bool Guest<Hardware>::terminate(msr::Reason reason) {
  terminated_ = true;
  // A hypervisor may resume a guest that has ended: it ends again, for ever. (The mock leaves this loop by an exception.)
  for (;;) {
    hardware_.write_ghcb_msr(msr::terminate_request<uint64_t>(msr::reason_set, static_cast<uint64_t>(reason)));
    hardware_.vmgexit();
    hardware_.halt();
  }
}

template <SnpHardware Hardware>
bool Guest<Hardware>::msr_exchange(uint64_t request, Untrusted<uint64_t>& response) {
  if (terminated_) return false;
  hardware_.write_ghcb_msr(request);
  hardware_.vmgexit();
  response = hardware_.read_ghcb_msr();
  return true;
}

// Takes the value out of an answer that `judge` finds good; a host's word has no other way in.
template <class Judge>
std::expected<uint64_t, msr::Fault> judged(const Untrusted<uint64_t>& response, Judge judge) {
  const auto raw = response.checked([&](uint64_t word) { return judge(word).has_value(); });
  if (!raw) return std::unexpected(msr::Fault::refused);
  return judge(*raw);
}

template <SnpHardware Hardware>
bool Guest<Hardware>::negotiate() {
  Untrusted<uint64_t> response(0);
  if (!msr_exchange(static_cast<uint64_t>(msr::Info::sev_info_request), response)) return false;
  if (!judged(response, [](uint64_t word) { return msr::sev_info_answer(word); })) return terminate(msr::Reason::protocol_version);
  if (!msr_exchange(static_cast<uint64_t>(msr::Info::features_request), response)) return false;
  if (!judged(response, [](uint64_t word) { return msr::features_answer(word); })) return terminate(msr::Reason::features_missing);
  const uint64_t gfn = hardware_.ghcb().gpa >> 12;
  if (!msr_exchange(msr::register_request(gfn), response)) return false;
  if (!judged(response, [gfn](uint64_t word) { return msr::register_answer(word, gfn); })) return terminate(msr::Reason::registration_refused);
  return true;
}

template <SnpHardware Hardware>
bool Guest<Hardware>::accept_early(uint64_t gfn) {
  if (terminated_) return false;
  if (!shadow_.all_allow(gfn, 1, PageAct::psc_private)) return terminate(msr::Reason::shadow_forbids);
  hardware_.set_encrypted(gfn, true);
  Untrusted<uint64_t> response(0);
  if (!msr_exchange(msr::page_state_request<uint64_t>(gfn, static_cast<uint64_t>(psc::Operation::to_private)), response)) return false;
  if (!judged(response, [](uint64_t word) { return msr::page_state_answer(word); })) return terminate(msr::Reason::page_state_refused);
  shadow_.apply(gfn, PageAct::psc_private);
  return validate_range(gfn, 1, true);
}

// Order (fact sheet section 3): C=1 and flush, then the change of state, then validation, then zeroing; only then is a
// page anyone's to use.
template <SnpHardware Hardware>
bool Guest<Hardware>::accept(uint64_t gfn, uint64_t pages) {
  if (terminated_) return false;
  if (pages == 0 || !shadow_.all_allow(gfn, pages, PageAct::psc_private)) return terminate(msr::Reason::shadow_forbids);
  for (uint64_t page = gfn; page < gfn + pages; ++page) hardware_.set_encrypted(page, true);
  if (!change_state(gfn, pages, psc::Operation::to_private)) return false;
  for (uint64_t page = gfn; page < gfn + pages; ++page) shadow_.apply(page, PageAct::psc_private);
  return validate_range(gfn, pages, true);
}

// Order: zero, rescind every page, then the change of state, then C=0 and flush.
template <SnpHardware Hardware>
bool Guest<Hardware>::share(uint64_t gfn, uint64_t pages) {
  if (terminated_) return false;
  if (pages == 0 || !shadow_.all_allow(gfn, pages, PageAct::rescind)) return terminate(msr::Reason::shadow_forbids);
  for (uint64_t page = gfn; page < gfn + pages; ++page) hardware_.zero_private(page);
  if (!validate_range(gfn, pages, false)) return false;
  if (!change_state(gfn, pages, psc::Operation::to_shared)) return false;
  for (uint64_t page = gfn; page < gfn + pages; ++page) {
    shadow_.apply(page, PageAct::psc_shared);
    hardware_.set_encrypted(page, false);
  }
  return true;
}

template <SnpHardware Hardware>
bool Guest<Hardware>::change_state(uint64_t gfn, uint64_t pages, psc::Operation operation) {
  const uint64_t end = gfn + pages;
  while (gfn < end) {
    uint64_t count = 0;
    while (gfn < end && count < psc::entries_max) {
      const uint64_t covered = psc::next_entry_pages(gfn, end);
      descriptor_[count++] = psc::pack_entry<uint64_t>(gfn, static_cast<uint64_t>(operation), covered > 1 ? 1 : 0);
      gfn += covered;
    }
    if (!run_descriptor(count)) return false;
  }
  return true;
}

template <SnpHardware Hardware>
void Guest<Hardware>::write_request(uint64_t current, uint64_t entry_count) {
  hardware_.shared_buffer(0).write(psc::pack_header<uint64_t>(current, entry_count - 1));
  for (uint64_t index = current; index < entry_count; ++index) hardware_.shared_buffer(1 + index).write(descriptor_[index]);
  const Ghcb ghcb = hardware_.ghcb();
  ghcb.version.write(static_cast<uint16_t>(msr::version));
  ghcb.usage.write(0);
  ghcb.valid_low.write(0);
  ghcb.exit_code.write(exit_page_state_change);
  ghcb.exit_info_1.write(0);
  ghcb.exit_info_2.write(0);
  ghcb.scratch.write(ghcb.gpa + shared_buffer_offset);
  ghcb.valid_high.write(valid_exit_code | valid_exit_info_1 | valid_exit_info_2 | valid_scratch);
  hardware_.write_ghcb_msr(ghcb.gpa);
}

// Until the hypervisor has gone through all entries. Each answer is one copy of the header; the entries it may have
// scribbled on are written again from our own before the next exit.
template <SnpHardware Hardware>
bool Guest<Hardware>::run_descriptor(uint64_t entry_count) {
  uint64_t current = 0;
  for (unsigned stuck = 0; current < entry_count;) {
    write_request(current, entry_count);
    hardware_.vmgexit();
    const Ghcb ghcb = hardware_.ghcb();
    const auto zero = [](uint64_t word) { return word == 0; };
    if (!ghcb.exit_info_1.read_once().checked(zero) || !ghcb.exit_info_2.read_once().checked(zero)) return terminate(msr::Reason::page_state_refused);
    const auto header = hardware_.shared_buffer(0).read_once();
    const auto next = header.checked([&](uint64_t word) { return psc::progress<uint64_t>(current, entry_count - 1, word).has_value(); });
    if (!next) return terminate(msr::Reason::page_state_header);
    const uint64_t now = psc::unpack_header(*next).current;
    stuck = now == current ? stuck + 1 : 0;
    if (stuck > psc::retries_max) return terminate(msr::Reason::page_state_stuck);
    current = now;
  }
  return true;
}

template <SnpHardware Hardware>
bool Guest<Hardware>::validate_range(uint64_t gfn, uint64_t pages, bool validate) {
  const uint64_t end = gfn + pages;
  while (gfn < end) {
    const uint64_t covered = psc::next_entry_pages(gfn, end);
    if (!validate_pages(gfn, covered, validate)) return false;
    gfn += covered;
  }
  return true;
}

// One 2M page at once where the processor can, else its 512 parts, each once. "No change" is fatal either way: our record
// and the RMP disagree.
template <SnpHardware Hardware>
bool Guest<Hardware>::validate_pages(uint64_t gfn, uint64_t pages, bool validate) {
  bool whole = false;
  if (pages > 1) {
    const Validated seen = hardware_.pvalidate(gfn, PageSize::large, validate);
    if (seen.code != validate_ok && seen.code != validate_size_mismatch) return terminate(msr::Reason::validate_failed);
    whole = seen.code == validate_ok;
    if (whole && seen.unchanged) return terminate(msr::Reason::validate_no_change);
  }
  for (uint64_t page = gfn; page < gfn + pages; ++page) {
    if (!whole) {
      const Validated seen = hardware_.pvalidate(page, PageSize::small, validate);
      if (seen.code != validate_ok) return terminate(msr::Reason::validate_failed);
      if (seen.unchanged) return terminate(msr::Reason::validate_no_change);
    }
    shadow_.apply(page, validate ? PageAct::validate : PageAct::rescind);
    if (!validate) continue;
    hardware_.evict(page);
    hardware_.zero_private(page);
  }
  return true;
}

}  // namespace cupel::snp
