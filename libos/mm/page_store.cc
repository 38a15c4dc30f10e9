#include "libos/mm/page_store.hh"

namespace cupel::libos {

Frame* PageStore::find(uint64_t index) const {
  auto found = pages_.find(index);
  return found == pages_.end() ? nullptr : found->frame.get();
}

Result<Frame*> PageStore::find_or_make(uint64_t index) {
  if (Frame* frame = find(index)) return frame;
  Ref<Frame> frame = TRY(Frame::create(arena_));
  Page* page = TRY(arena_.make<Page>());
  page->index = index;
  page->frame = std::move(frame);
  pages_.insert(*page);
  ++count_;
  return page->frame.get();
}

void PageStore::drop_range(uint64_t first, uint64_t end) {
  for (auto page = pages_.lower_bound(first); page != pages_.end() && page->index < end;) {
    Page& gone = *page++;
    pages_.erase(pages_.iterator_to(gone));
    arena_.destroy(&gone);
    --count_;
  }
}

void PageStore::absorb(PageStore& other) {
  while (!other.pages_.empty()) {
    Page& page = *other.pages_.begin();
    other.pages_.erase(other.pages_.begin());
    CHECK(pages_.insert(page).second);
  }
  count_ += other.count_;
  other.count_ = 0;
}

uint64_t PageStore::next_data(uint64_t index, uint64_t none) const {
  auto page = pages_.lower_bound(index);
  return page == pages_.end() ? none : page->index;
}

uint64_t PageStore::next_hole(uint64_t index) const {
  for (auto page = pages_.lower_bound(index); page != pages_.end() && page->index == index; ++page) ++index;
  return index;
}

}  // namespace cupel::libos
