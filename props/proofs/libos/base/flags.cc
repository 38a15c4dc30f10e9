#include "libos/base/flags.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64;

using DecodeFlags = Result<U64> (*)(const U64& value, const U64& known);

Bool flags_pass_exactly_where_each_set_bit_is_known(DecodeFlags decode_flags) {
  const auto value = U64::any("value"), known = U64::any("known"), position = U64::any("position");
  assume(position < 64);
  const auto flags = decode_flags(value, known);
  const U64 bit = U64(1) << position;
  const Bool unknown_bit = ((value & bit) != 0) & ((known & bit) == 0);
  if (!flags) return ((value | known) != known) & (flags.error() == Errno::inval);
  return !unknown_bit & (*flags == value);
}

Result<U64> takes_any_known_bit(const U64& value, const U64& known) {
  if ((value & known) == 0) return fail(Errno::inval);
  return value;
}

Result<U64> compares_as_numbers(const U64& value, const U64& known) {
  if (value > known) return fail(Errno::inval);
  return value;
}

Result<U64> drops_unknown_bits(const U64& value, const U64& known) { return value & known; }

Result<U64> refuses_the_full_set(const U64& value, const U64& known) {
  if ((value & ~known) != 0) return fail(Errno::inval);
  if (value == known) return fail(Errno::inval);
  return value;
}

const Registration registered{
    proof("libos", "flags_pass_exactly_where_each_set_bit_is_known", flags_pass_exactly_where_each_set_bit_is_known,
          decode_flags<U64>,
          {{"takes_any_known_bit", takes_any_known_bit},
           {"compares_as_numbers", compares_as_numbers},
           {"drops_unknown_bits", drops_unknown_bits},
           {"refuses_the_full_set", refuses_the_full_set}}),
};

}  // namespace
}  // namespace cupel::proofs
