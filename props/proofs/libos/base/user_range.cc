#include "libos/base/page.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U128, lift::U64;

using UserRange = Result<Range<U64>> (*)(const U64& base, const U64& size, const U64& limit);

Bool user_range_accepts_exactly_what_lies_under_the_limit(UserRange user_range) {
  const auto base = U64::any("base"), size = U64::any("size"), limit = U64::any("limit");
  const auto range = user_range(base, size, limit);
  const Bool fits = U128(base) + U128(size) <= U128(limit);
  if (!range) return !fits & (range.error() == Errno::fault);
  return fits & (range->base == base) & (range->size == size);
}

Bool every_byte_of_an_accepted_user_range_is_below_the_limit(UserRange user_range) {
  const auto base = U64::any("base"), size = U64::any("size"), limit = U64::any("limit"), byte = U64::any("byte");
  const auto range = user_range(base, size, limit);
  if (!range) return true;
  return implies(byte < size, (base + byte < limit) & (base + byte >= base));
}

Result<Range<U64>> forms_the_sum(const U64& base, const U64& size, const U64& limit) {
  if (base + size > limit) return fail(Errno::fault);
  return Range<U64>{base, size};
}

Result<Range<U64>> forgets_the_base(const U64& base, const U64& size, const U64& limit) {
  if (size > limit - base) return fail(Errno::fault);
  return Range<U64>{base, size};
}

Result<Range<U64>> allows_one_byte_more(const U64& base, const U64& size, const U64& limit) {
  if (base > limit) return fail(Errno::fault);
  if (size > limit - base + 1) return fail(Errno::fault);
  return Range<U64>{base, size};
}

Result<Range<U64>> refuses_the_last_byte(const U64& base, const U64& size, const U64& limit) {
  if (base >= limit) return fail(Errno::fault);
  if (size >= limit - base) return fail(Errno::fault);
  return Range<U64>{base, size};
}

const Registration registered{
    proof("libos", "user_range_accepts_exactly_what_lies_under_the_limit",
          user_range_accepts_exactly_what_lies_under_the_limit, user_range<U64>,
          {{"forms_the_sum", forms_the_sum},
           {"forgets_the_base", forgets_the_base},
           {"allows_one_byte_more", allows_one_byte_more},
           {"refuses_the_last_byte", refuses_the_last_byte}}),
    proof("libos", "every_byte_of_an_accepted_user_range_is_below_the_limit",
          every_byte_of_an_accepted_user_range_is_below_the_limit, user_range<U64>,
          {{"forms_the_sum", forms_the_sum},
           {"forgets_the_base", forgets_the_base},
           {"allows_one_byte_more", allows_one_byte_more}}),
};

}  // namespace
}  // namespace cupel::proofs
