#include "platforms/snp/shadow.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U8;
using snp::PageAct, snp::PageState;

// Any of the states at once. The shipped function answers a plain bool, so a comparison forks.
struct AnyState {
  U8 number = U8::any("state");
  AnyState() { assume(number <= static_cast<unsigned>(PageState::vmsa)); }
  friend bool operator==(const AnyState& state, PageState known) {
    return static_cast<bool>(state.number == static_cast<unsigned>(known));
  }
};

using Allowed = bool (*)(AnyState state, PageAct act);

// Validating a page that is valid would leave two pages of the machine behind one address: the hypervisor could go
// back and forth between them.
Bool a_page_is_validated_only_where_it_is_private_and_not_yet_valid(Allowed allowed) {
  const AnyState state;
  return allowed(state, PageAct::validate) == (state == PageState::private_invalid);
}

Bool a_page_is_given_to_the_hypervisor_only_once_rescinded(Allowed allowed) {
  const AnyState state;
  return allowed(state, PageAct::psc_shared) == (state == PageState::private_invalid);
}

Bool a_processor_state_page_takes_part_in_no_change(Allowed allowed) {
  const AnyState state;
  lift::assume(state == PageState::vmsa);
  for (const PageAct act : {PageAct::psc_private, PageAct::validate, PageAct::rescind, PageAct::psc_shared}) {
    if (allowed(state, act)) return false;
  }
  return true;
}

bool validates_twice(AnyState state, PageAct act) {
  if (act == PageAct::validate && state == PageState::private_valid) return true;
  return snp::allowed(state, act);
}
bool validates_shared_pages(AnyState state, PageAct act) {
  if (act == PageAct::validate && state == PageState::shared) return true;
  return snp::allowed(state, act);
}
bool shares_valid_pages(AnyState state, PageAct act) {
  if (act == PageAct::psc_shared && state == PageState::private_valid) return true;
  return snp::allowed(state, act);
}
bool rescinds_what_is_not_shared(AnyState state, PageAct act) {
  if (act == PageAct::rescind) return state != PageState::shared;
  return snp::allowed(state, act);
}

const Registration registered{
    proof("snp", "a_page_is_validated_only_where_it_is_private_and_not_yet_valid",
          a_page_is_validated_only_where_it_is_private_and_not_yet_valid, snp::allowed<AnyState>,
          {{"validates_twice", validates_twice}, {"validates_shared_pages", validates_shared_pages}}),
    proof("snp", "a_page_is_given_to_the_hypervisor_only_once_rescinded",
          a_page_is_given_to_the_hypervisor_only_once_rescinded, snp::allowed<AnyState>,
          {{"shares_valid_pages", shares_valid_pages}}),
    proof("snp", "a_processor_state_page_takes_part_in_no_change", a_processor_state_page_takes_part_in_no_change,
          snp::allowed<AnyState>, {{"rescinds_what_is_not_shared", rescinds_what_is_not_shared}}),
};

}  // namespace
}  // namespace cupel::proofs
