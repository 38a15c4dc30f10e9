#include "libos/base/untrusted.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;

using Clamp = U64 (*)(const U64& value, const U64& low, const U64& high);

Bool a_clamped_value_is_in_range_and_changed_only_where_it_was_not(Clamp clamp) {
  const auto value = U64::any("value"), low = U64::any("low"), high = U64::any("high");
  assume(low <= high);
  const U64 clamped = clamp(value, low, high);
  const Bool was_in_range = (value >= low) & (value <= high);
  return (clamped >= low) & (clamped <= high) & implies(was_in_range, clamped == value);
}

using Check = std::expected<U64, Errno> (*)(const U64& value, const U64& bound);

Bool a_checked_value_satisfies_its_predicate(Check check) {
  const auto value = U64::any("value"), bound = U64::any("bound");
  const auto checked = check(value, bound);
  if (!checked) return (value >= bound) & (checked.error() == Errno::proto);
  return (*checked == value) & (*checked < bound);
}

U64 shipped_clamp(const U64& value, const U64& low, const U64& high) { return Untrusted(value).clamped(low, high); }
U64 forgets_the_lower_end(const U64& value, const U64&, const U64& high) { return value > high ? high : value; }
U64 forgets_the_upper_end(const U64& value, const U64& low, const U64&) { return value < low ? low : value; }
U64 always_the_lower_end(const U64&, const U64& low, const U64&) { return low; }

std::expected<U64, Errno> shipped_check(const U64& value, const U64& bound) {
  return Untrusted(value).checked([&](const U64& seen) { return seen < bound; });
}
std::expected<U64, Errno> lets_the_bound_itself_pass(const U64& value, const U64& bound) {
  return Untrusted(value).checked([&](const U64& seen) { return seen <= bound; });
}
std::expected<U64, Errno> checks_nothing(const U64& value, const U64&) { return value; }

const Registration registered{
    proof("libos", "a_clamped_value_is_in_range_and_changed_only_where_it_was_not",
          a_clamped_value_is_in_range_and_changed_only_where_it_was_not, shipped_clamp,
          {{"forgets_the_lower_end", forgets_the_lower_end},
           {"forgets_the_upper_end", forgets_the_upper_end},
           {"always_the_lower_end", always_the_lower_end}}),
    proof("libos", "a_checked_value_satisfies_its_predicate", a_checked_value_satisfies_its_predicate, shipped_check,
          {{"lets_the_bound_itself_pass", lets_the_bound_itself_pass}, {"checks_nothing", checks_nothing}}),
};

}  // namespace
}  // namespace cupel::proofs
