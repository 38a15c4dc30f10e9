#pragma once
#include <cstring>

#include "libos/base/counted.hh"
#include "libos/base/page.hh"

namespace cupel::libos {

// One page of guest-visible memory: of a mapping, of a file, or of both. Shared by whoever shows it to a guest.
class Frame : public Counted {
 public:
  // Zeroed: what an earlier owner left must not be seen.
  static Result<Ref<Frame>> create(Arena& arena) {
    void* page = TRY(arena.allocate(page_size));
    std::memset(page, 0, page_size);
    auto frame = make_counted<Frame>(arena, static_cast<std::byte*>(page));
    if (!frame) arena.free(page, page_size);
    return frame;
  }
  explicit Frame(std::byte* bytes) : bytes_(bytes) {}
  ~Frame() override { arena().free(bytes_, page_size); }

  std::byte* bytes() const { return bytes_; }

 private:
  std::byte* bytes_;
};

}  // namespace cupel::libos
