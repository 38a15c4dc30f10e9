#pragma once
#include <cstdint>
#include <span>

// The guest's own record of whose each page is. It is what decides: not the hypervisor's word, and not the processor's
// either, as a page validated twice looks the same as one validated once (fact: INV-1 holds only by such a record).
namespace cupel::snp {

enum class PageState : uint8_t { shared, private_invalid, private_valid, vmsa };

// What a page is for, beside memory of no purpose. A page has one role at a time, and a page with a role changes its state
// only at the hands of whom it belongs to.
enum class Role : uint8_t { none, ghcb, doorbell, message, bounce, vmsa, pinned };

// What may happen to a page of that state. Everything else is fatal.
enum class PageAct : uint8_t { psc_private, validate, rescind, psc_shared, make_vmsa, clear_vmsa };
template <class State>
constexpr bool allowed(State state, PageAct act) {
  switch (act) {
    case PageAct::psc_private: return state == PageState::shared || state == PageState::private_invalid;
    case PageAct::validate: return state == PageState::private_invalid;
    case PageAct::rescind: return state == PageState::private_valid;
    case PageAct::psc_shared: return state == PageState::private_invalid;
    case PageAct::make_vmsa: return state == PageState::private_valid;
    case PageAct::clear_vmsa: return state == PageState::vmsa;
  }
  return false;
}
constexpr PageState after(PageState state, PageAct act) {
  switch (act) {
    case PageAct::psc_private: return PageState::private_invalid;
    case PageAct::validate: return PageState::private_valid;
    case PageAct::rescind: return PageState::private_invalid;
    case PageAct::psc_shared: return PageState::shared;
    case PageAct::make_vmsa: return PageState::vmsa;
    case PageAct::clear_vmsa: return PageState::private_valid;
  }
  return state;
}

// Whether [first, first + count) lies within [low, high): without a sum that could wrap.
template <class Word>
constexpr bool range_within(const Word& first, const Word& count, const Word& low, const Word& high) {
  if (first < low) return false;
  if (first > high) return false;
  return static_cast<bool>(count <= high - first);
}
struct Frame {
  PageState state = PageState::private_invalid;
  Role role = Role::none;
};

// The frames [first, first + count). Storage is the caller's: it lives in private memory.
class Shadow {
 public:
  Shadow(uint64_t first_gfn, std::span<Frame> frames) : first_(first_gfn), frames_(frames) {}

  bool covers(uint64_t gfn, uint64_t pages) const { return range_within<uint64_t>(gfn, pages, first_, first_ + frames_.size()); }
  uint64_t end() const { return first_ + frames_.size(); }
  PageState state(uint64_t gfn) const { return frames_[gfn - first_].state; }
  Role role(uint64_t gfn) const { return frames_[gfn - first_].role; }
  // Whether each page of the range is known, has this role and may be acted on so.
  bool all_allow(uint64_t gfn, uint64_t pages, PageAct act, Role role_expected = Role::none) const {
    if (!covers(gfn, pages)) return false;
    for (uint64_t page = gfn; page < gfn + pages; ++page) {
      if (!allowed(state(page), act) || role(page) != role_expected) return false;
    }
    return true;
  }
  void apply(uint64_t gfn, PageAct act) { frames_[gfn - first_].state = after(frames_[gfn - first_].state, act); }
  // Takes pages of no role into one; false, and nothing changed, where one has a role already.
  bool claim(uint64_t gfn, uint64_t pages, Role role_new) {
    if (!covers(gfn, pages)) return false;
    for (uint64_t page = gfn; page < gfn + pages; ++page) {
      if (role(page) != Role::none) return false;
    }
    for (uint64_t page = gfn; page < gfn + pages; ++page) frames_[page - first_].role = role_new;
    return true;
  }
  void release(uint64_t gfn, uint64_t pages) {
    for (uint64_t page = gfn; page < gfn + pages; ++page) frames_[page - first_].role = Role::none;
  }

 private:
  uint64_t first_;
  std::span<Frame> frames_;
};

}  // namespace cupel::snp
