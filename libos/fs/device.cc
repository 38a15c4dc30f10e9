#include "libos/fs/device.hh"

#include <algorithm>
#include <array>

#include "libos/task/task.hh"

namespace cupel::libos {

bool Device::exists(uint32_t number) {
  switch (static_cast<Number>(number)) {
    case Number::null:
    case Number::zero:
    case Number::full:
    case Number::random:
    case Number::urandom: return true;
  }
  return false;
}

Result<uint64_t> Device::read(Task& task, UserCursor& out) {
  if (which_ == Number::null) return 0;
  const bool random = which_ == Number::random || which_ == Number::urandom;
  std::array<std::byte, 512> chunk{};
  uint64_t done = 0;
  while (out.remaining() > 0) {
    const auto part = std::span(chunk).first(std::min<uint64_t>(chunk.size(), out.remaining()));
    if (random) task.platform().random(part);
    const size_t moved = out.put(part);
    done += moved;
    if (moved < part.size()) return done > 0 ? Result<uint64_t>(done) : fail(Errno::fault);
  }
  return done;
}

// Nothing is kept, and so nothing is looked at.
Result<uint64_t> Device::write(UserCursor& in) {
  if (which_ == Number::full) return fail(Errno::nospc);
  const uint64_t size = in.remaining();
  in.skip(size);
  return size;
}

}  // namespace cupel::libos
