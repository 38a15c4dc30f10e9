// INV-1: behind one frame there is at most one validated page of the machine. By induction: any state that satisfies the
// invariant, one step of the guest (by the shipped rules) or of the hypervisor (by the processor's), and it holds again.
#include "platforms/snp/psc.hh"
#include "platforms/snp/shadow.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;
using snp::PageAct, snp::PageState;
using snp::psc::Validation;

constexpr unsigned pages = 3;  // of the machine, that the hypervisor may put behind the frame

// The guest's rules, as they ship; a mutant replaces one.
struct Rules {
  bool (*allowed)(PageState state, PageAct act);
  Validation (*judge)(const U64& code, const U64& unchanged, const U64& large);
  bool revalidates_on_fault = false;  // #VC 404 answered with PVALIDATE
};

struct Machine {
  Bool validated[pages] = {Bool::any("validated_0"), Bool::any("validated_1"), Bool::any("validated_2")};
  U64 mapped = U64::any("mapped");  // which page is behind the frame now
  PageState recorded = PageState::shared;
  Bool ended = false;

  U64 count() const {
    U64 sum = 0;
    for (const Bool& one : validated) sum = sum + select(one, U64(1), U64(0));
    return sum;
  }
  // At most one, and none where our record says that it is not valid.
  Bool invariant() const {
    const bool valid = recorded == PageState::private_valid || recorded == PageState::vmsa;
    return (count() <= 1) & (Bool(valid) | (count() == 0));
  }
  Bool behind() const {
    Bool is = false;
    for (unsigned page = 0; page < pages; ++page) is |= (mapped == page) & validated[page];
    return is;
  }
  void set_behind(const Bool& value) {
    for (unsigned page = 0; page < pages; ++page) validated[page] = ((mapped == page) & value) | (!(mapped == page) & validated[page]);
  }
};

// PVALIDATE of the frame, and what the guest makes of it. Where it ends itself the machine's state matters no more.
void pvalidate(Machine& machine, const Rules& rules, bool validate) {
  const U64 unchanged = select(machine.behind() == Bool(validate), U64(1), U64(0));
  machine.set_behind(validate);
  if (rules.judge(0, unchanged, 0) != Validation::done) {
    machine.ended = true;
    return;
  }
  machine.recorded = snp::after(machine.recorded, validate ? PageAct::validate : PageAct::rescind);
}

void guest_step(Machine& machine, const Rules& rules, const U64& choice) {
  if (choice == 0 && rules.allowed(machine.recorded, PageAct::validate)) pvalidate(machine, rules, true);
  else if (choice == 1 && rules.allowed(machine.recorded, PageAct::rescind)) pvalidate(machine, rules, false);
  else if (choice == 2 && rules.allowed(machine.recorded, PageAct::psc_shared)) machine.recorded = snp::after(machine.recorded, PageAct::psc_shared);
  else if (choice == 3 && rules.allowed(machine.recorded, PageAct::psc_private)) machine.recorded = snp::after(machine.recorded, PageAct::psc_private);
  else if (choice == 4 && rules.revalidates_on_fault && machine.recorded == PageState::private_valid && !static_cast<bool>(machine.behind())) pvalidate(machine, rules, true);
}

// It may take validation away and put any page behind the frame, which is assigned for it and not validated; it cannot validate.
void hypervisor_step(Machine& machine) {
  const auto page = U64::any("page"), mapped = U64::any("mapped_then");
  assume((page < pages) & (mapped < pages));
  const auto clears = Bool::any("clears");
  for (unsigned number = 0; number < pages; ++number) machine.validated[number] = machine.validated[number] & !((page == number) & clears);
  machine.mapped = mapped;
}

Bool one_page_stands_behind_a_frame_whatever_the_hypervisor_does(Rules rules) {
  const auto recorded = U64::any("recorded"), choice = U64::any("choice");
  Machine machine;
  assume((machine.mapped < pages) & (recorded < 4) & (choice < 6));
  for (const PageState state : {PageState::shared, PageState::private_invalid, PageState::private_valid, PageState::vmsa}) {
    if (recorded == static_cast<uint64_t>(state)) machine.recorded = state;
  }
  assume(machine.invariant());
  hypervisor_step(machine);
  guest_step(machine, rules, choice);
  return machine.ended | machine.invariant();
}

bool shipped_allowed(PageState state, PageAct act) { return snp::allowed(state, act); }
bool validates_what_is_valid(PageState state, PageAct act) { return (act == PageAct::validate && state == PageState::private_valid) || snp::allowed(state, act); }
Validation passes_over_no_change(const U64& code, const U64&, const U64&) { return code == 0 ? Validation::done : Validation::fatal; }

const Rules shipped{shipped_allowed, snp::psc::judge_validation<U64>};

using JudgeValidation = Validation (*)(const U64& code, const U64& unchanged, const U64& large);

Bool a_validation_is_done_only_without_code_and_with_a_change(JudgeValidation judge) {
  const auto code = U64::any("code"), unchanged = U64::any("unchanged"), large = U64::any("large");
  assume((unchanged <= 1) & (large <= 1));
  const Validation outcome = judge(code, unchanged, large);
  const Bool done = (code == 0) & (unchanged == 0), split = (code == 6) & (large == 1);
  return (Bool(outcome == Validation::done) == done) & (Bool(outcome == Validation::split) == split);
}
Validation splits_small_pages(const U64& code, const U64& unchanged, const U64&) {
  if (code == 6) return Validation::split;
  return code == 0 && unchanged == 0 ? Validation::done : Validation::fatal;
}

const Registration registered{
    proof("snp", "one_page_stands_behind_a_frame_whatever_the_hypervisor_does", one_page_stands_behind_a_frame_whatever_the_hypervisor_does, shipped,
          {{"validates_what_is_valid", {validates_what_is_valid, snp::psc::judge_validation<U64>}},
           {"passes_over_no_change", {shipped_allowed, passes_over_no_change}},
           {"revalidates_on_fault", {shipped_allowed, snp::psc::judge_validation<U64>, true}}}),
    proof("snp", "a_validation_is_done_only_without_code_and_with_a_change", a_validation_is_done_only_without_code_and_with_a_change, snp::psc::judge_validation<U64>,
          {{"passes_over_no_change", passes_over_no_change}, {"splits_small_pages", splits_small_pages}}),
};

}  // namespace
}  // namespace cupel::proofs
