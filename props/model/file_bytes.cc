#include "props/model/file_bytes.hh"

#include <algorithm>
#include <cstring>

#include "libos/base/page.hh"

namespace cupel::props {
namespace {

// Calls part(page number, offset in the page, offset in the range, size) for each page of [offset, offset + size).
template <class Part>
void each_page(uint64_t offset, uint64_t size, Part part) {
  for (uint64_t done = 0; done < size;) {
    const uint64_t at = offset + done;
    const uint64_t room = std::min(size - done, page_size - at % page_size);
    part(at >> page_shift, at % page_size, done, room);
    done += room;
  }
}

}  // namespace

const FileBytes::Page* FileBytes::find(uint64_t number) const {
  const auto at = std::ranges::lower_bound(pages_, number, {}, &Page::number);
  return at != pages_.end() && at->number == number ? &*at : nullptr;
}

FileBytes::Page& FileBytes::find_or_make(uint64_t number) {
  auto at = std::ranges::lower_bound(pages_, number, {}, &Page::number);
  if (at == pages_.end() || at->number != number) {
    at = pages_.insert(at, Page{number, store_.size()});
    store_.resize(store_.size() + page_size);
  }
  return *at;
}

void FileBytes::read(uint64_t offset, std::span<std::byte> out) const {
  each_page(offset, out.size(), [&](uint64_t number, uint64_t in_page, uint64_t done, uint64_t size) {
    const Page* page = find(number);
    if (page == nullptr) {
      std::memset(out.data() + done, 0, size);
    } else {
      std::memcpy(out.data() + done, store_.data() + page->at + in_page, size);
    }
  });
}

void FileBytes::write(uint64_t offset, std::span<const std::byte> bytes) {
  each_page(offset, bytes.size(), [&](uint64_t number, uint64_t in_page, uint64_t done, uint64_t size) {
    const size_t at = find_or_make(number).at;
    std::memcpy(store_.data() + at + in_page, bytes.data() + done, size);
  });
}

bool FileBytes::is_doubtful(uint64_t number) const {
  const Page* page = find(number);
  return page != nullptr && page->doubtful;
}

void FileBytes::drop(uint64_t first, uint64_t last) {
  std::erase_if(pages_, [&](const Page& page) { return page.number >= first && page.number < last; });
}

void FileBytes::zero(uint64_t begin, uint64_t end) {
  for (const Page& page : pages_) {
    const uint64_t base = page.number << page_shift;
    const uint64_t from = std::max(base, begin);
    const uint64_t to = std::min(base + page_size, end);
    if (from < to) std::memset(store_.data() + page.at + (from - base), 0, to - from);
  }
}

}  // namespace cupel::props
