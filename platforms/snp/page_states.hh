#pragma once
#include "platforms/snp/ghcb.hh"
#include "platforms/snp/psc.hh"
#include "platforms/snp/shadow.hh"

// Pages change hands: the order of steps is what is safe about it (GHCB specification 56421, section 4.1.6).
namespace cupel::snp {

template <SnpHardware Hardware>
class PageStates {
 public:
  PageStates(Ghcb<Hardware>& ghcb, Shadow shadow) : ghcb_(ghcb), core_(ghcb.core()), hardware_(core_.hardware), shadow_(shadow) {}

  // Makes shared or not yet accepted pages private, validated and zeroed.
  void accept(uint64_t gfn, uint64_t pages, Role role = Role::none);
  // Gives private pages to the hypervisor. Their content is zeroed first.
  void share(uint64_t gfn, uint64_t pages, Role role = Role::none);
  // One 4K page through the MSR protocol, for the time before there is a GHCB.
  void accept_early(uint64_t gfn);
  void share_early(uint64_t gfn);
  // #VC with code 404: a page that we validated no longer is. Never answered with PVALIDATE.
  [[noreturn]] void on_not_validated() { core_.terminate(Reason::not_validated); }

  Shadow& shadow() { return shadow_; }
  const Shadow& shadow() const { return shadow_; }
  Core<Hardware>& core() { return core_; }

 private:
  void change_early(uint64_t gfn, psc::Operation operation);
  void change_state(uint64_t gfn, uint64_t pages, psc::Operation operation);
  void run_descriptor(uint64_t entry_count);
  void validate_range(uint64_t gfn, uint64_t pages, bool validate);
  void validate_pages(uint64_t gfn, uint64_t pages, bool validate);
  bool validate_whole(uint64_t gfn, bool validate);
  void map(uint64_t gfn, uint64_t pages, bool encrypted);

  Ghcb<Hardware>& ghcb_;
  Core<Hardware>& core_;
  Hardware& hardware_;
  Shadow shadow_;
  // The request as we made it, a header and its entries: private, and the truth. What comes back in shared memory is progress
  // at most.
  uint64_t descriptor_[1 + psc::entries_max] = {};
};

template <SnpHardware Hardware>
void PageStates<Hardware>::map(uint64_t gfn, uint64_t pages, bool encrypted) {
  for (uint64_t page = gfn; page < gfn + pages; ++page) hardware_.set_encrypted(page, encrypted);
  hardware_.flush_translations();
}

template <SnpHardware Hardware>
void PageStates<Hardware>::change_early(uint64_t gfn, psc::Operation operation) {
  core_.msr_exchange(msr::page_state_request<uint64_t>(gfn, static_cast<uint64_t>(operation)), SITE("msr.page_state", "no error, reserved bits 0", "one_page_state_answer_alone_is_accepted"),
                     [](uint64_t word) { return msr::page_state_answer(word); }, Reason::page_state_refused);
}

template <SnpHardware Hardware>
void PageStates<Hardware>::accept_early(uint64_t gfn) {
  core_.require(shadow_.all_allow(gfn, 1, PageAct::psc_private), Reason::shadow_forbids);
  map(gfn, 1, true);
  change_early(gfn, psc::Operation::to_private);
  shadow_.apply(gfn, PageAct::psc_private);
  validate_range(gfn, 1, true);
}

template <SnpHardware Hardware>
void PageStates<Hardware>::share_early(uint64_t gfn) {
  core_.require(shadow_.all_allow(gfn, 1, PageAct::rescind), Reason::shadow_forbids);
  hardware_.zero_private(gfn);
  validate_range(gfn, 1, false);
  change_early(gfn, psc::Operation::to_shared);
  shadow_.apply(gfn, PageAct::psc_shared);
  map(gfn, 1, false);
}

// Order: C=1 and flush, then the change of state, then validation, then zeroing; only then is a page anyone's to use.
template <SnpHardware Hardware>
void PageStates<Hardware>::accept(uint64_t gfn, uint64_t pages, Role role) {
  core_.require(pages > 0 && shadow_.all_allow(gfn, pages, PageAct::psc_private, role), Reason::shadow_forbids);
  map(gfn, pages, true);
  change_state(gfn, pages, psc::Operation::to_private);
  for (uint64_t page = gfn; page < gfn + pages; ++page) shadow_.apply(page, PageAct::psc_private);
  validate_range(gfn, pages, true);
}

// Order: zero, rescind every page, then the change of state, then C=0 and flush.
template <SnpHardware Hardware>
void PageStates<Hardware>::share(uint64_t gfn, uint64_t pages, Role role) {
  core_.require(pages > 0 && shadow_.all_allow(gfn, pages, PageAct::rescind, role), Reason::shadow_forbids);
  for (uint64_t page = gfn; page < gfn + pages; ++page) hardware_.zero_private(page);
  validate_range(gfn, pages, false);
  change_state(gfn, pages, psc::Operation::to_shared);
  for (uint64_t page = gfn; page < gfn + pages; ++page) shadow_.apply(page, PageAct::psc_shared);
  map(gfn, pages, false);
}

template <SnpHardware Hardware>
void PageStates<Hardware>::change_state(uint64_t gfn, uint64_t pages, psc::Operation operation) {
  const uint64_t end = gfn + pages;
  while (gfn < end) {
    uint64_t count = 0;
    while (gfn < end && count < psc::entries_max) {
      const uint64_t covered = psc::next_entry_pages(gfn, end);
      descriptor_[1 + count++] = psc::pack_entry<uint64_t>(gfn, static_cast<uint64_t>(operation), covered > 1 ? 1 : 0);
      gfn += covered;
    }
    run_descriptor(count);
  }
}

// Until the hypervisor has gone through all entries. Each answer is one copy of the header; the entries it may have
// scribbled on are written again from our own before the next exit.
template <SnpHardware Hardware>
void PageStates<Hardware>::run_descriptor(uint64_t entry_count) {
  uint64_t current = 0;
  for (unsigned stuck = 0; current < entry_count;) {
    descriptor_[0] = psc::pack_header<uint64_t>(current, entry_count - 1);
    uint64_t returned = 0;
    const Answer answer = ghcb_.exchange({.event = ghcb::Event::page_state_change, .give = {descriptor_, 1 + entry_count}, .take = {&returned, 1}});
    core_.require(answer.raised == ghcb::Raised::none, Reason::page_state_refused);
    const auto next = psc::progress<uint64_t>(current, entry_count - 1, returned);
    if (!next) core_.terminate(Reason::page_state_header);
    stuck = *next == current ? stuck + 1 : 0;
    if (stuck > psc::retries_max) core_.terminate(Reason::page_state_stuck);
    current = *next;
  }
}

template <SnpHardware Hardware>
void PageStates<Hardware>::validate_range(uint64_t gfn, uint64_t pages, bool validate) {
  const uint64_t end = gfn + pages;
  while (gfn < end) {
    const uint64_t covered = psc::next_entry_pages(gfn, end);
    validate_pages(gfn, covered, validate);
    gfn += covered;
  }
}

// 2M at once: only where our own page tables map it so (on a 4K mapping the instruction's outcome is undefined).
template <SnpHardware Hardware>
bool PageStates<Hardware>::validate_whole(uint64_t gfn, bool validate) {
  if (!hardware_.mapped_large(gfn)) return false;
  const Validated seen = hardware_.pvalidate(gfn, PageSize::large, validate);
  const auto outcome = psc::judge_validation<uint32_t>(seen.code, seen.unchanged ? 1 : 0, 1);
  if (outcome == psc::Validation::fatal) core_.terminate(Reason::validate_failed);
  return outcome == psc::Validation::done;
}

// One 2M page at once where the processor can, else its 512 parts, each once. "No change" is fatal either way: our record
// and the RMP disagree.
template <SnpHardware Hardware>
void PageStates<Hardware>::validate_pages(uint64_t gfn, uint64_t pages, bool validate) {
  const bool whole = pages > 1 && validate_whole(gfn, validate);
  for (uint64_t page = gfn; page < gfn + pages; ++page) {
    if (!whole) {
      const Validated seen = hardware_.pvalidate(page, PageSize::small, validate);
      if (psc::judge_validation<uint32_t>(seen.code, seen.unchanged ? 1 : 0, 0) != psc::Validation::done) core_.terminate(Reason::validate_failed);
    }
    shadow_.apply(page, validate ? PageAct::validate : PageAct::rescind);
    if (!validate) continue;
    // A stale cache line of the page's shared past must be gone before it is zeroed, or it comes back over the zeros.
    hardware_.evict(page);
    hardware_.zero_private(page);
  }
}

}  // namespace cupel::snp
