#include "platforms/lvbs/protection.hh"

#include "platforms/lvbs/frames.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64, lift::U8;
using namespace lvbs::protection;
using lvbs::Kind;

Bool has(const U64& flags, uint64_t bit) { return (flags & bit) != 0; }

using Legal = bool (*)(const U64& flags);

// The table of the hypervisor's specification, each rule as it stands there.
Bool flags_are_legal_exactly_where_the_specification_says_so(Legal legal) {
  const auto flags = U64::any("flags");
  const bool taken = legal(flags);
  const Bool needs_read = has(flags, write) | has(flags, kernel_execute) | has(flags, user_execute);
  const Bool wanted = (flags < 16) & (has(flags, user_execute) | !has(flags, kernel_execute)) & (has(flags, read) | !needs_read);
  return taken ? wanted : !wanted;
}

using OfAttribute = std::expected<U64, Errno> (*)(const U64& attribute);

Bool no_attribute_makes_a_frame_both_written_and_executed(OfAttribute of_attribute) {
  const auto flags = of_attribute(U64::any("attribute"));
  if (!flags) return true;
  return !(has(*flags, write) & has(*flags, kernel_execute)) & has(*flags, read) & (*flags < 16) & (has(*flags, user_execute) | !has(*flags, kernel_execute));
}

Bool an_attribute_is_taken_exactly_where_it_is_one(OfAttribute of_attribute) {
  const auto attribute = U64::any("attribute");
  const auto flags = of_attribute(attribute);
  const Bool wanted = (attribute == attr_read) | (attribute == (attr_read | attr_write)) | (attribute == (attr_read | attr_execute));
  if (!flags) return !wanted;
  return wanted & (has(*flags, write) == has(attribute, attr_write)) & (has(*flags, kernel_execute) == has(attribute, attr_execute));
}

using Within = bool (*)(const U64& first, const U64& count, const U64& limit);

Bool every_frame_of_an_accepted_range_is_one_of_the_machine(Within within) {
  const auto first = U64::any("first"), count = U64::any("count"), limit = U64::any("limit"), offset = U64::any("offset");
  if (!within(first, count, limit)) return true;
  return (count > 0) & implies(offset < count, (first + offset < limit) & (first + offset >= first));
}

// Any of the states at once. The shipped function answers a plain bool, so a comparison forks.
struct AnyKind {
  U8 number = U8::any("kind");
  AnyKind() { assume(number <= static_cast<unsigned>(Kind::owned)); }
  friend bool operator==(const AnyKind& state, Kind known) { return static_cast<bool>(state.number == static_cast<unsigned>(known)); }
};
using MayClaim = bool (*)(const AnyKind& kind);
using MayChange = bool (*)(const AnyKind& kind, const U64& owner, const U64& who);

Bool a_claim_takes_only_what_nobody_has(MayClaim may_claim) {
  const AnyKind kind;
  return may_claim(kind) == (kind == Kind::open);
}
Bool a_frame_changes_only_by_its_owners_hand_and_ours_never(MayChange may_change) {
  const AnyKind kind;
  const auto owner = U64::any("owner"), who = U64::any("who");
  const bool changed = may_change(kind, owner, who);
  const Bool wanted = (owner == who) & Bool(kind == Kind::reserved || kind == Kind::owned);
  return changed ? wanted : !wanted;
}

bool allows_kernel_alone(const U64& flags) { return static_cast<bool>((flags & ~U64(all)) == 0) && (static_cast<bool>((flags & read) != 0) || static_cast<bool>(flags == 0)); }
bool allows_write_without_read(const U64& flags) { return static_cast<bool>((flags & ~U64(all)) == 0) && (static_cast<bool>((flags & kernel_execute) == 0) || static_cast<bool>((flags & user_execute) != 0)); }
bool allows_other_bits(const U64& flags) { return lvbs::protection::legal<U64>(flags & all); }

std::expected<U64, Errno> takes_write_and_execute(const U64& attribute) {
  if ((attribute & ~U64(7)) != 0 || (attribute & attr_read) == 0) return std::unexpected(Errno::inval);
  U64 flags = U64(read | user_execute);
  if ((attribute & attr_write) != 0) flags = flags | write;
  if ((attribute & attr_execute) != 0) flags = flags | kernel_execute;
  return flags;
}
std::expected<U64, Errno> takes_nothing_as_read(const U64& attribute) {
  if (attribute == 0) return U64(constant);
  return of_attribute<U64>(attribute);
}

bool forms_the_end(const U64& first, const U64& count, const U64& limit) { return static_cast<bool>(count != 0) && static_cast<bool>(first + count <= limit); }
bool looks_at_the_first_frame(const U64& first, const U64& count, const U64& limit) { return static_cast<bool>(count != 0) && static_cast<bool>(first < limit); }
bool takes_empty_ranges(const U64& first, const U64& count, const U64& limit) { return static_cast<bool>(first < limit) && static_cast<bool>(count <= limit - first); }

bool claims_what_is_reserved(const AnyKind& kind) { return kind == Kind::open || kind == Kind::reserved; }
bool claims_what_is_ours(const AnyKind& kind) { return kind == Kind::open || kind == Kind::vtl1; }
bool anybody_may_change(const AnyKind& kind, const U64&, const U64&) { return !(kind == Kind::open) && !(kind == Kind::vtl1); }
bool ours_changes_as_well(const AnyKind& kind, const U64& owner, const U64& who) { return !(kind == Kind::open) && static_cast<bool>(owner == who); }

const Registration registered{
    proof("lvbs", "flags_are_legal_exactly_where_the_specification_says_so", flags_are_legal_exactly_where_the_specification_says_so, legal<U64>,
          {{"allows_kernel_alone", allows_kernel_alone}, {"allows_write_without_read", allows_write_without_read}, {"allows_other_bits", allows_other_bits}}),
    proof("lvbs", "no_attribute_makes_a_frame_both_written_and_executed", no_attribute_makes_a_frame_both_written_and_executed, of_attribute<U64>, {{"takes_write_and_execute", takes_write_and_execute}}),
    proof("lvbs", "an_attribute_is_taken_exactly_where_it_is_one", an_attribute_is_taken_exactly_where_it_is_one, of_attribute<U64>,
          {{"takes_write_and_execute", takes_write_and_execute}, {"takes_nothing_as_read", takes_nothing_as_read}}),
    proof("lvbs", "every_frame_of_an_accepted_range_is_one_of_the_machine", every_frame_of_an_accepted_range_is_one_of_the_machine, lvbs::within<U64>,
          {{"forms_the_end", forms_the_end}, {"looks_at_the_first_frame", looks_at_the_first_frame}, {"takes_empty_ranges", takes_empty_ranges}}),
    proof("lvbs", "a_claim_takes_only_what_nobody_has", a_claim_takes_only_what_nobody_has, lvbs::may_claim<AnyKind>, {{"claims_what_is_reserved", claims_what_is_reserved}, {"claims_what_is_ours", claims_what_is_ours}}),
    proof("lvbs", "a_frame_changes_only_by_its_owners_hand_and_ours_never", a_frame_changes_only_by_its_owners_hand_and_ours_never, lvbs::may_change<AnyKind, U64>,
          {{"anybody_may_change", anybody_may_change}, {"ours_changes_as_well", ours_changes_as_well}}),
};

}  // namespace
}  // namespace cupel::proofs
