// Changing what is mapped: each operation makes what it needs first, so that a full arena leaves all as it was.
#include "libos/machine/machine.hh"
#include "libos/mm/address_space.hh"
#include "libos/mm/find_gap.hh"

namespace cupel::libos {

using platform::Access;

Result<Vma*> AddressSpace::make_vma(const Vma& like, uint64_t start, uint64_t end) {
  Vma* vma = TRY(arena().make<Vma>());
  vma->space = this;
  vma->start = start, vma->end = end;
  vma->access = like.access, vma->shared = like.shared, vma->may_write = like.may_write, vma->locking = like.locking;
  vma->object = like.object;
  vma->object_start = like.object_start + (start - like.start);
  return vma;
}

void AddressSpace::insert(Vma& vma) {
  vmas_.insert(vma);
  if (vma.object) vma.object->mappings.push_back(vma);
}

void AddressSpace::erase(Vma& vma) {
  vmas_.erase(vmas_.iterator_to(vma));
  arena().destroy(&vma);
}

Result<> AddressSpace::split_at(uint64_t page) {
  auto found = covering(page);
  if (found == vmas_.end() || found->start == page) return {};
  Vma* tail = TRY(make_vma(*found, page, found->end));
  found->end = page;
  insert(*tail);
  return {};
}

// Neighbours that could be one vma become one, as Linux merges them.
void AddressSpace::merge_around(uint64_t start, uint64_t end) {
  auto right = vmas_.lower_bound(start);
  if (right == vmas_.end()) return;
  auto left = right == vmas_.begin() ? right++ : std::prev(right);
  while (right != vmas_.end() && right->start <= end) {
    const bool same = left->end == right->start && left->access == right->access && left->shared == right->shared &&
                      left->may_write == right->may_write && left->locking == right->locking && left->object == right->object &&
                      (!left->object || left->object_start + (left->end - left->start) == right->object_start);
    if (same) {
      left->end = right->end;
      Vma& gone = *right++;
      erase(gone);
    } else {
      left = right++;
    }
  }
}

void AddressSpace::drop_pages(uint64_t start, uint64_t end) {
  for (auto page = pages_.lower_bound(start); page != pages_.end() && page->number < end;) {
    Page& gone = *page++;
    pages_.erase(pages_.iterator_to(gone));
    arena().destroy(&gone);
  }
  machine_.platform().unmap(space_, start << page_shift, end - start);
}

bool AddressSpace::overlaps(uint64_t start, uint64_t pages) const {
  auto vma = vmas_.lower_bound(start);
  if (vma != vmas_.end() && vma->start < start + pages) return true;
  return covering(start) != vmas_.end();
}

Result<uint64_t> AddressSpace::find_free(uint64_t hint, uint64_t pages) const {
  const Config& config = machine_.config();
  const uint64_t low = config.address_low >> page_shift, high = config.address_high >> page_shift;
  if (hint >= low && hint < high && pages <= high - hint && !overlaps(hint, pages)) return hint;
  return find_highest_gap(vmas_, pages, low, high, [](const Vma& vma) { return PageRun<uint64_t>{vma.start, vma.end}; });
}

Result<> AddressSpace::unmap(uint64_t start, uint64_t pages) {
  const uint64_t end = start + pages;
  // Cutting a vma in three needs one more: Linux refuses before it changes anything.
  auto first = covering(start);
  if (first != vmas_.end() && first->start < start && first->end > end && vmas_.size() >= machine_.config().mappings_max) return fail(Errno::nomem);
  TRY(split_at(start));
  if (auto split = split_at(end); !split) {
    merge_around(start, end);
    return split;
  }
  for (auto vma = vmas_.lower_bound(start); vma != vmas_.end() && vma->start < end;) {
    Vma& gone = *vma++;
    erase(gone);
  }
  drop_pages(start, end);
  return {};
}

Result<> AddressSpace::map(const Mapping& mapping) {
  const uint64_t end = mapping.start + mapping.pages;
  CHECK(mapping.pages > 0);
  CHECK(end <= user_limit >> page_shift);
  if (vmas_.size() >= machine_.config().mappings_max) return fail(Errno::nomem);
  Vma like;
  like.start = mapping.start;
  like.access = mapping.access, like.shared = mapping.shared, like.may_write = mapping.may_write, like.locking = mapping.locking;
  like.object = mapping.object, like.object_start = mapping.object_start;
  Vma* vma = TRY(make_vma(like, mapping.start, end));
  if (auto unmapped = unmap(mapping.start, mapping.pages); !unmapped) {
    arena().destroy(vma);
    return unmapped;
  }
  insert(*vma);
  merge_around(mapping.start, end);
  return {};
}

Result<> AddressSpace::protect(uint64_t start, uint64_t pages, Access access) {
  const auto done = protect_pages(start, start + pages, access);
  merge_around(start, start + pages);  // what was done before an error as well
  return done;
}

Result<> AddressSpace::protect_pages(uint64_t start, uint64_t end, Access access) {
  if (covering(start) == vmas_.end()) return fail(Errno::nomem);
  for (uint64_t page = start; page < end;) {
    auto vma = covering(page);
    if (vma == vmas_.end()) return fail(Errno::nomem);
    if (vma->shared && !vma->may_write && allows(access, Access::write)) return fail(Errno::acces);
    const uint64_t until = vma->end < end ? vma->end : end;
    if (vma->access != access) {
      TRY(split_at(page));
      TRY(split_at(until));
      Vma& changed = *covering(page);
      const bool becomes_writable = !changed.shared && !allows(changed.access, Access::write) && allows(access, Access::write);
      changed.access = access;
      // Copy-on-write pages must fault again whatever the new access is; the others as well, which costs a fault each.
      machine_.platform().unmap(space_, page << page_shift, until - page);
      // What is locked is copied now rather than when it is written. A page that does not come now comes then.
      if (becomes_writable) static_cast<void>(populate(page, until - page));
    }
    page = until;
  }
  return {};
}

Result<> AddressSpace::discard(uint64_t start, uint64_t pages) {
  const uint64_t end = start + pages;
  for (auto vma = first_after(start); vma != vmas_.end() && vma->start < end; ++vma) {
    if (vma->locking == Locking::none) continue;
    if (vma->start > start) drop_pages(start, vma->start);
    return fail(Errno::inval);
  }
  drop_pages(start, end);
  return mapped(start, pages) ? Result<>{} : fail(Errno::nomem);
}

void AddressSpace::forget(const Vma& vma, uint64_t first) {
  const uint64_t from = first > vma.object_start ? vma.start + (first - vma.object_start) : vma.start;
  if (from < vma.end) drop_pages(from, vma.end);
}

void AddressSpace::forget_borrowed(const Vma& vma, uint64_t first, uint64_t last) {
  for (auto page = pages_.lower_bound(vma.start); page != pages_.end() && page->number < vma.end;) {
    const Page& one = *page++;
    const uint64_t index = object_page(vma, one.number);
    if (index < first || index >= last) continue;
    const auto own = vma.object->look(index);
    if (own && *own == one.frame->bytes()) drop_pages(one.number, one.number + 1);
  }
}

Result<uint64_t> AddressSpace::set_break(uint64_t address) {
  const Config& config = machine_.config();
  if (address < config.break_base || address > config.break_base + config.break_size_max) return break_;
  const uint64_t base = config.break_base >> page_shift;
  const uint64_t old_end = (break_ + page_size - 1) >> page_shift, new_end = (address + page_size - 1) >> page_shift;
  if (new_end < old_end) {
    if (!overlaps(new_end, old_end - new_end)) return break_;  // the heap there is gone already
    if (!unmap(new_end, old_end - new_end)) return break_;
  } else if (new_end > old_end) {
    // One page stays free between the heap and what comes next.
    if (overlaps(old_end > base ? old_end : base, new_end - old_end + 1)) return break_;
    if (!map({.start = old_end, .pages = new_end - old_end, .access = Access::read | Access::write, .locking = future})) return break_;
    // A page that does not come now comes when it is touched.
    if (future != Locking::none) static_cast<void>(populate(old_end, new_end - old_end));
  }
  break_ = address;
  return break_;
}

}  // namespace cupel::libos
