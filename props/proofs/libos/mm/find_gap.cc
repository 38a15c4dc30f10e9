#include "libos/mm/find_gap.hh"

#include <array>

#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool, lift::U64, lift::UInt;

// Bounds the proof: two mappings, so the gaps before, between and after them.
using Run = PageRun<U64>;
using Runs = std::array<Run, 2>;
using FindGap = Result<U64> (*)(const Runs& runs, const U64& pages, const U64& low, const U64& high);

// A page number below 2^36: any address of 48 bits.
U64 any_page(std::string_view name) { return U64(UInt<36>::any(name)); }

// Any address space and any request.
struct Request {
  Runs runs{Run{any_page("start0"), any_page("end0")}, Run{any_page("start1"), any_page("end1")}};
  U64 low = any_page("low"), high = any_page("high");

  Request() {
    for (const Run& run : runs) assume(run.start < run.end);
    assume(runs[0].end <= runs[1].start);
  }

  // Whether the pages [start, end) are within the bounds and touch no mapping.
  Bool free(const U64& start, const U64& end) const {
    Bool is_free = (start >= low) & (end <= high);
    for (const Run& run : runs) is_free &= (start >= run.end) | (end <= run.start);
    return is_free;
  }

  // The same as an assumption, which forks by where the pages lie: many small questions are answered sooner than one
  // with a disjunction for each mapping.
  void assume_free(const U64& start, const U64& end) const {
    assume((start >= low) & (end <= high) & (start < end));
    for (const Run& run : runs) {
      if (start < run.end) assume(end <= run.start);
    }
  }
};

Bool a_gap_found_is_free_and_within_bounds(FindGap find_gap) {
  const Request request;
  const auto pages = U64::any("pages");  // as the guest asked: not bounded by its address space
  const auto start = find_gap(request.runs, pages, request.low, request.high);
  if (start) return (pages != 0) & (pages <= request.high) & request.free(*start, *start + pages);
  return Bool(start.error() == Errno::inval) == (pages == 0);
}

Bool no_free_start_is_lower_than_the_lowest_gap(FindGap find_gap) {
  const Request request;
  const auto other = any_page("other"), other_end = any_page("other_end");
  request.assume_free(other, other_end);
  const auto start = find_gap(request.runs, other_end - other, request.low, request.high);
  if (!start) return false;
  return *start <= other;
}

Bool no_free_start_is_higher_than_the_highest_gap(FindGap find_gap) {
  const Request request;
  const auto other = any_page("other"), other_end = any_page("other_end");
  request.assume_free(other, other_end);
  const auto start = find_gap(request.runs, other_end - other, request.low, request.high);
  if (!start) return false;
  return *start >= other;
}

Result<U64> lowest(const Runs& runs, const U64& pages, const U64& low, const U64& high) {
  return find_lowest_gap(runs, pages, low, high);
}
Result<U64> highest(const Runs& runs, const U64& pages, const U64& low, const U64& high) {
  return find_highest_gap(runs, pages, low, high);
}

enum class Bug { takes_a_gap_one_page_short, forgets_mappings_below, adds_before_it_compares, skips_the_last_gap };

template <Bug bug>
Result<U64> buggy_lowest(const Runs& runs, const U64& pages, const U64& low, const U64& high) {
  if (pages == 0) return fail(Errno::inval);
  U64 start = low;
  for (const Run& run : runs) {
    if (run.start >= high) break;
    const U64 needed = bug == Bug::takes_a_gap_one_page_short ? pages - 1 : pages;
    if (bug == Bug::adds_before_it_compares) {
      if (start + needed <= run.start) return start;
    } else if (run.start > start && run.start - start >= needed) {
      return start;
    }
    if (bug == Bug::forgets_mappings_below || run.end > start) start = run.end;
  }
  if (bug == Bug::skips_the_last_gap || start > high || high - start < pages) return fail(Errno::nomem);
  return start;
}

template <Bug bug>
Result<U64> buggy_highest(const Runs& runs, const U64& pages, const U64& low, const U64& high) {
  if (pages == 0) return fail(Errno::inval);
  U64 end = high;
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (run->end <= low) break;
    const U64 needed = bug == Bug::takes_a_gap_one_page_short ? pages - 1 : pages;
    if (bug == Bug::adds_before_it_compares) {
      if (run->end + needed <= end) return end - pages;
    } else if (run->end < end && end - run->end >= needed) {
      return end - pages;
    }
    if (bug == Bug::forgets_mappings_below || run->start < end) end = run->start;
  }
  if (bug == Bug::skips_the_last_gap || end < low || end - low < pages) return fail(Errno::nomem);
  return end - pages;
}

const Registration registered{
    proof("libos", "the_lowest_gap_found_is_free_and_within_bounds", a_gap_found_is_free_and_within_bounds, lowest,
          {{"takes_a_gap_one_page_short", buggy_lowest<Bug::takes_a_gap_one_page_short>},
           {"forgets_mappings_below", buggy_lowest<Bug::forgets_mappings_below>},
           {"adds_before_it_compares", buggy_lowest<Bug::adds_before_it_compares>}}),
    proof("libos", "the_highest_gap_found_is_free_and_within_bounds", a_gap_found_is_free_and_within_bounds, highest,
          {{"takes_a_gap_one_page_short", buggy_highest<Bug::takes_a_gap_one_page_short>},
           {"forgets_mappings_above", buggy_highest<Bug::forgets_mappings_below>},
           {"adds_before_it_compares", buggy_highest<Bug::adds_before_it_compares>}}),
    proof("libos", "no_free_start_is_lower_than_the_lowest_gap", no_free_start_is_lower_than_the_lowest_gap, lowest,
          {{"skips_the_last_gap", buggy_lowest<Bug::skips_the_last_gap>}, {"finds_the_highest", highest}}),
    proof("libos", "no_free_start_is_higher_than_the_highest_gap", no_free_start_is_higher_than_the_highest_gap,
          highest, {{"skips_the_last_gap", buggy_highest<Bug::skips_the_last_gap>}, {"finds_the_lowest", lowest}}),
};

}  // namespace
}  // namespace cupel::proofs
