#pragma once
#include <cstdint>
#include <span>

// The guest's own record of whose each page is. It is what decides: not the hypervisor's word, and not the processor's
// either, as a page validated twice looks the same as one validated once (fact: INV-1 holds only by such a record).
namespace cupel::snp {

enum class PageState : uint8_t { shared, private_invalid, private_valid, vmsa };

// What may happen to a page of that state (the automaton of docs/snp-pages.md). Everything else is fatal.
enum class PageAct : uint8_t { psc_private, validate, rescind, psc_shared };
template <class State>
constexpr bool allowed(State state, PageAct act) {
  switch (act) {
    case PageAct::psc_private: return state == PageState::shared || state == PageState::private_invalid;
    case PageAct::validate: return state == PageState::private_invalid;
    case PageAct::rescind: return state == PageState::private_valid;
    case PageAct::psc_shared: return state == PageState::private_invalid;
  }
  return false;
}
constexpr PageState after(PageState state, PageAct act) {
  switch (act) {
    case PageAct::psc_private: return PageState::private_invalid;
    case PageAct::validate: return PageState::private_valid;
    case PageAct::rescind: return PageState::private_invalid;
    case PageAct::psc_shared: return PageState::shared;
  }
  return state;
}

// The states of the frames [first, first + count). Storage is the caller's: it lives in private memory.
class Shadow {
 public:
  Shadow(uint64_t first_gfn, std::span<PageState> states) : first_(first_gfn), states_(states) {}

  bool covers(uint64_t gfn, uint64_t pages) const { return gfn >= first_ && gfn - first_ <= states_.size() && pages <= states_.size() - (gfn - first_); }
  PageState state(uint64_t gfn) const { return states_[gfn - first_]; }
  // Whether each page of the range is known and may be acted on so.
  bool all_allow(uint64_t gfn, uint64_t pages, PageAct act) const {
    if (!covers(gfn, pages)) return false;
    for (uint64_t page = gfn; page < gfn + pages; ++page) {
      if (!allowed(state(page), act)) return false;
    }
    return true;
  }
  void apply(uint64_t gfn, PageAct act) { states_[gfn - first_] = after(states_[gfn - first_], act); }

 private:
  uint64_t first_;
  std::span<PageState> states_;
};

}  // namespace cupel::snp
