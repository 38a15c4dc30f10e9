#include "libos/base/page.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U128, lift::U64;

Bool on_a_page(const U64& address) { return (address & (page_size - 1)) == 0; }

using PageFloor = U64 (*)(const U64& address);

Bool page_floor_is_the_last_boundary_not_above(PageFloor page_floor) {
  const auto address = U64::any("address");
  const U64 floor = page_floor(address);
  return on_a_page(floor) & (floor <= address) & (address - floor < page_size);
}

using PageCeil = Result<U64> (*)(const U64& address);

Bool page_ceil_is_the_first_boundary_not_below(PageCeil page_ceil) {
  const auto address = U64::any("address");
  const auto ceil = page_ceil(address);
  if (!ceil) return true;
  return on_a_page(*ceil) & (*ceil >= address) & (*ceil - address < page_size);
}

Bool page_ceil_refuses_only_where_no_boundary_follows(PageCeil page_ceil) {
  const auto address = U64::any("address"), boundary = U64::any("boundary");
  assume(on_a_page(boundary));
  const auto ceil = page_ceil(address);
  if (ceil) return true;
  return (ceil.error() == Errno::nomem) & (boundary < address);
}

U64 masks_one_bit_less(const U64& address) { return address & ~U64(page_size / 2 - 1); }
U64 masks_the_size(const U64& address) { return address & ~U64(page_size); }

Result<U64> wraps(const U64& address) { return (address + (page_size - 1)) & ~U64(page_size - 1); }

Result<U64> moves_boundaries_as_well(const U64& address) {
  if (address > ~U64(0) - page_size) return fail(Errno::nomem);
  return (address + page_size) & ~U64(page_size - 1);
}

Result<U64> refuses_the_last_page(const U64& address) {
  if (address >= ~U64(0) - U64(page_size - 1)) return fail(Errno::nomem);
  return (address + (page_size - 1)) & ~U64(page_size - 1);
}

const Registration registered{
    proof("libos", "page_floor_is_the_last_boundary_not_above", page_floor_is_the_last_boundary_not_above,
          page_floor<U64>, {{"masks_one_bit_less", masks_one_bit_less}, {"masks_the_size", masks_the_size}}),
    proof("libos", "page_ceil_is_the_first_boundary_not_below", page_ceil_is_the_first_boundary_not_below,
          page_ceil<U64>, {{"wraps", wraps}, {"moves_boundaries_as_well", moves_boundaries_as_well}}),
    proof("libos", "page_ceil_refuses_only_where_no_boundary_follows", page_ceil_refuses_only_where_no_boundary_follows,
          page_ceil<U64>, {{"refuses_the_last_page", refuses_the_last_page}}),
};

}  // namespace
}  // namespace cupel::proofs
