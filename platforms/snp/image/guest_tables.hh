#pragma once
#include "libos/platform/platform.hh"
#include "platforms/snp/image/frame_pool.hh"

namespace cupel::image {

// The four-level page tables of one guest space. The kernel's half is that of the boot tables.
class GuestTables {
 public:
  // Nothing where the pool is empty.
  bool create(FramePool& pool, const uint64_t* kernel_root);
  void destroy(FramePool& pool);
  bool exists() const { return root_ != nullptr; }

  // False where the pool is empty.
  bool install(FramePool& pool, uint64_t page_address, const std::byte* frame, platform::Access access);
  void remove(uint64_t page_address, uint64_t page_count);
  void protect(uint64_t page_address, uint64_t page_count, platform::Access access);
  // The byte behind a guest's address, if it is mapped and may be used so.
  std::byte* find(uint64_t address, platform::Access wanted) const;
  void use() const;
  bool in_use() const;

 private:
  uint64_t* entry(uint64_t address, FramePool* pool) const;
  // Calls `change` for each installed page of a range, passing over what has no tables.
  template <class Change>
  void each(uint64_t page_address, uint64_t page_count, Change change);

  uint64_t* root_ = nullptr;
};

}  // namespace cupel::image
