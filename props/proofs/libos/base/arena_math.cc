#include "libos/base/arena_math.hh"

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U128, lift::U64;

struct Classes {
  U64 (*class_of)(const U64& size);
  U64 (*class_size)(const U64& index);
};
const Classes shipped{arena_math::class_of<U64>, arena_math::class_size<U64>};

Bool an_arena_block_holds_its_allocation_and_no_smaller_class_does(Classes classes) {
  const auto size = U64::any("size");
  assume(size <= arena_math::size_max);
  const U64 index = classes.class_of(size);
  if (index >= arena_math::class_count) return false;
  const Bool holds = classes.class_size(index) >= size;
  if (index == 0) return holds;
  return holds & (classes.class_size(index - 1) < size);
}

// What lets free() find the class again from the size alone, and a freed block serve another size.
Bool all_sizes_of_an_arena_block_share_its_class(Classes classes) {
  const auto size = U64::any("size"), other = U64::any("other");
  assume((size <= arena_math::size_max) & (other <= arena_math::size_max));
  const U64 index = classes.class_of(size);
  const U64 other_index = classes.class_of(other);
  if (index == other_index) return other <= classes.class_size(index);
  return (index < other_index) == (size < other);
}

using Take = Result<U64> (*)(const U64& used, const U64& end, const U64& size);

Bool the_arena_gives_a_block_exactly_where_it_fits(Take take) {
  const auto used = U64::any("used"), end = U64::any("end"), size = U64::any("size");
  assume(used <= end);
  const auto now_used = take(used, end, size);
  const U128 true_sum = U128(used) + U128(size);
  if (!now_used) return (now_used.error() == Errno::nomem) & (true_sum > U128(end));
  return (U128(*now_used) == true_sum) & (*now_used <= end);
}

U64 gives_powers_of_two_the_next_class(const U64& size) {
  if (size <= 16) return 0;
  return bit_width(size) - arena_math::smallest_shift;
}

U64 forgets_the_smallest_class(const U64& size) { return bit_width(size - 1) - arena_math::smallest_shift; }

U64 halves_blocks(const U64& index) { return U64(1) << (index + (arena_math::smallest_shift - 1)); }

Result<U64> compares_the_sum(const U64& used, const U64& end, const U64& size) {
  if (used + size > end) return fail(Errno::nomem);
  return used + size;
}

Result<U64> keeps_the_last_byte(const U64& used, const U64& end, const U64& size) {
  if (size >= end - used) return fail(Errno::nomem);
  return used + size;
}

const Registration registered{
    proof("libos", "an_arena_block_holds_its_allocation_and_no_smaller_class_does",
          an_arena_block_holds_its_allocation_and_no_smaller_class_does, shipped,
          {{"gives_powers_of_two_the_next_class", {gives_powers_of_two_the_next_class, shipped.class_size}},
           {"forgets_the_smallest_class", {forgets_the_smallest_class, shipped.class_size}},
           {"halves_blocks", {shipped.class_of, halves_blocks}}}),
    proof("libos", "all_sizes_of_an_arena_block_share_its_class", all_sizes_of_an_arena_block_share_its_class, shipped,
          {{"forgets_the_smallest_class", {forgets_the_smallest_class, shipped.class_size}},
           {"halves_blocks", {shipped.class_of, halves_blocks}}}),
    proof("libos", "the_arena_gives_a_block_exactly_where_it_fits", the_arena_gives_a_block_exactly_where_it_fits,
          arena_math::take<U64>,
          {{"compares_the_sum", compares_the_sum}, {"keeps_the_last_byte", keeps_the_last_byte}}),
};

}  // namespace
}  // namespace cupel::proofs
