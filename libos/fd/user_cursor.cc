#include "libos/fd/user_cursor.hh"

#include <algorithm>

#include "libos/base/check.hh"

namespace cupel::libos {

UserCursor::UserCursor(const GuestMemory& memory, std::span<const interface::IoVec> parts) : memory_(&memory), parts_(parts) {
  for (const interface::IoVec& part : parts) remaining_ += part.size;  // the caller has bounded the sum
}

template <class Copy>
size_t UserCursor::each(size_t size, Copy copy) {
  size_t done = 0;
  while (done < size && remaining_ > 0 && !faulted_) {
    if (offset_ == parts_[part_].size) {
      ++part_, offset_ = 0;
      continue;
    }
    const size_t chunk = std::min<uint64_t>(size - done, parts_[part_].size - offset_);
    const size_t moved = copy(parts_[part_].base + offset_, done, chunk);
    done += moved, offset_ += moved, moved_ += moved, remaining_ -= moved;
    faulted_ = moved < chunk;
  }
  return done;
}

size_t UserCursor::put(std::span<const std::byte> bytes) {
  return each(bytes.size(), [&](uint64_t address, size_t at, size_t size) { return memory_->copy_out(address, bytes.subspan(at, size)); });
}

size_t UserCursor::take(std::span<std::byte> out) {
  return each(out.size(), [&](uint64_t address, size_t at, size_t size) { return memory_->copy_in(address, out.subspan(at, size)); });
}

void UserCursor::skip(size_t size) {
  each(size, [](uint64_t, size_t, size_t chunk) { return chunk; });
}

void UserCursor::rewind(uint64_t size) {
  CHECK(size <= moved_);
  moved_ -= size, remaining_ += size;
  while (size > 0) {
    if (offset_ == 0) {
      CHECK(part_ > 0);
      --part_, offset_ = parts_[part_].size;
      continue;
    }
    const uint64_t back = std::min(size, offset_);
    offset_ -= back, size -= back;
  }
}

}  // namespace cupel::libos
