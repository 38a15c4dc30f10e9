// mlock(2) and its kin: which pages are to stay, and making them come.
#include <algorithm>

#include "libos/machine/machine.hh"
#include "libos/mm/address_space.hh"

namespace cupel::libos {

using platform::Access;

Result<> AddressSpace::lock(uint64_t start, uint64_t pages, Locking locking) {
  const uint64_t end = start + pages;
  uint64_t done = start;
  for (auto vma = covering(start); vma != vmas_.end() && done < end && vma->start <= done; ++vma) done = std::min(end, vma->end);
  TRY(split_at(start));
  if (auto split = split_at(done); !split) {
    merge_around(start, done);
    return split;
  }
  for (auto vma = vmas_.lower_bound(start); vma != vmas_.end() && vma->start < done; ++vma) vma->locking = locking;
  merge_around(start, done);
  return done == end ? Result<>{} : fail(Errno::nomem);
}

void AddressSpace::lock_all(Locking locking) {
  for (Vma& vma : vmas_) vma.locking = locking;
  merge_around(0, user_limit >> page_shift);
}

// populate_vma_page_range() of Linux's mm/gup.c: pages of one's own that may be written are there to be written.
Result<> AddressSpace::populate_page(const Vma& vma, uint64_t number) {
  if (vma.access == Access::none) return fail(Errno::fault);
  const bool write = !vma.shared && allows(vma.access, Access::write);
  auto page = pages_.find(number);
  if (page == pages_.end()) return first_touch(vma, number, write);
  return page->copy_on_write && write ? copy_page(vma, *page) : Result<>{};
}

Result<> AddressSpace::populate(uint64_t start, uint64_t pages) {
  const uint64_t end = start + pages;
  for (auto vma = first_after(start); vma != vmas_.end() && vma->start < end; ++vma) {
    if (vma->locking != Locking::at_once) continue;
    for (uint64_t number = std::max(start, vma->start); number < std::min(end, vma->end); ++number) TRY(populate_page(*vma, number));
  }
  return {};
}

uint64_t AddressSpace::locked_pages(uint64_t start, uint64_t pages) const {
  uint64_t count = 0;
  for (const Vma& vma : vmas_) {
    const uint64_t from = std::max(vma.start, start), to = std::min(vma.end, start + pages);
    if (vma.locking != Locking::none && from < to) count += to - from;
  }
  return count;
}

}  // namespace cupel::libos
