#pragma once
#include <boost/intrusive/set.hpp>

#include "libos/mm/frame.hh"

namespace cupel::libos {

// Pages by index, of which only those ever written exist: a sparse file's content, or memory that processes share.
class PageStore {
 public:
  explicit PageStore(Arena& arena) : arena_(arena) {}
  PageStore(const PageStore&) = delete;
  ~PageStore() { drop_range(0, UINT64_MAX); }

  // The page, or nullptr where there is a hole.
  Frame* find(uint64_t index) const;
  // The page; zeroed where it was a hole. ENOMEM.
  Result<Frame*> find_or_make(uint64_t index);
  void drop_range(uint64_t first, uint64_t end);
  // Takes over all pages of `other`, none of whose indices is here already. Cannot fail.
  void absorb(PageStore& other);
  uint64_t count() const { return count_; }
  // The lowest index at or after `index` which has a page (data), or which has none (hole).
  uint64_t next_data(uint64_t index, uint64_t none) const;
  uint64_t next_hole(uint64_t index) const;

 private:
  friend class cupel::Arena;
  struct Page : boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>> {
    uint64_t index = 0;
    Ref<Frame> frame;
  };
  struct IndexOf {
    using type = uint64_t;
    uint64_t operator()(const Page& page) const { return page.index; }
  };

  Arena& arena_;
  boost::intrusive::set<Page, boost::intrusive::key_of_value<IndexOf>, boost::intrusive::constant_time_size<false>> pages_;
  uint64_t count_ = 0;
};

}  // namespace cupel::libos
