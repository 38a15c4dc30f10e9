#pragma once
#include "libos/mm/mappable.hh"
#include "libos/mm/page_store.hh"

namespace cupel::libos {

// Anonymous memory mapped MAP_SHARED: pages appear when first touched and live as long as a mapping of them.
class SharedMemory : public Mappable {
 public:
  explicit SharedMemory(Arena& arena) : pages_(arena) {}
  Result<Ref<Frame>> frame(uint64_t index) override {
    Frame* frame = TRY(pages_.find_or_make(index));
    return Ref<Frame>(frame);
  }
  Result<const std::byte*> look(uint64_t index) const override {
    const Frame* frame = pages_.find(index);
    return frame == nullptr ? nullptr : frame->bytes();
  }

 private:
  PageStore pages_;
};

}  // namespace cupel::libos
