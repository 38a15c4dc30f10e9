#include "platforms/snp/image/frame_pool.hh"

#include <cstring>

namespace cupel::image {

void* FramePool::take() {
  void* frame = free_;
  if (free_ != nullptr) free_ = free_->next;
  else if ((frame = take_run(1)) == nullptr) return nullptr;
  std::memset(frame, 0, page_size);
  return frame;
}

void FramePool::put(void* frame) {
  auto* freed = static_cast<Free*>(frame);
  freed->next = free_;
  free_ = freed;
}

void* FramePool::take_run(size_t count) {
  if (count * page_size > end_ - next_) return nullptr;
  void* run = at_physical<void>(next_);
  next_ += count * page_size;
  return run;
}

}  // namespace cupel::image
