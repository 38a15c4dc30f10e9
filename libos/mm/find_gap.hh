#pragma once
#include "libos/base/result.hh"

// The search for free address space. All numbers are page numbers, so that sums of those below user_limit never wrap.
namespace cupel {

// The pages [start, end).
template <class Word>
struct PageRun {
  Word start;
  Word end;
};

// The run a mapping occupies, where the mapping is a run.
struct ItsRun {
  template <class Word>
  constexpr const PageRun<Word>& operator()(const PageRun<Word>& run) const {
    return run;
  }
};

// The lowest start of `pages` free pages within [low, high). `mappings` are sorted, disjoint and not empty; `run_of`
// gives the PageRun of each. EINVAL for no pages, ENOMEM where no gap is large enough.
template <class Word, class Mappings, class RunOf = ItsRun>
constexpr Result<Word> find_lowest_gap(const Mappings& mappings, const Word& pages, const Word& low, const Word& high,
                                       RunOf run_of = {}) {
  if (pages == Word(0)) return fail(Errno::inval);
  Word start = low;
  for (const auto& mapping : mappings) {
    const PageRun<Word> run = run_of(mapping);
    if (run.start >= high) break;
    if (run.start > start) {
      if (run.start - start >= pages) return start;
    }
    if (run.end > start) start = run.end;
  }
  if (start > high) return fail(Errno::nomem);
  if (high - start < pages) return fail(Errno::nomem);
  return start;
}

// The highest such start: Linux's default, which grows mappings down from the stack.
template <class Word, class Mappings, class RunOf = ItsRun>
constexpr Result<Word> find_highest_gap(const Mappings& mappings, const Word& pages, const Word& low, const Word& high,
                                        RunOf run_of = {}) {
  if (pages == Word(0)) return fail(Errno::inval);
  Word end = high;
  for (auto mapping = mappings.rbegin(); mapping != mappings.rend(); ++mapping) {
    const PageRun<Word> run = run_of(*mapping);
    if (run.end <= low) break;
    if (run.end < end) {
      if (end - run.end >= pages) return end - pages;
    }
    if (run.start < end) end = run.start;
  }
  if (end < low) return fail(Errno::nomem);
  if (end - low < pages) return fail(Errno::nomem);
  return end - pages;
}

}  // namespace cupel
