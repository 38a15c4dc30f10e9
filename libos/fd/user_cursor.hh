#pragma once
#include <cstdint>
#include <span>

#include "libos/interface/args.hh"
#include "libos/interface/memory.hh"

namespace cupel::libos {

// A position in a guest's buffers (one, or the elements of an iovec array copied in once). Files move bytes through it
// and never see an address.
class UserCursor {
 public:
  UserCursor(const GuestMemory& memory, std::span<const interface::IoVec> parts);

  uint64_t remaining() const { return remaining_; }
  uint64_t moved() const { return moved_; }
  bool faulted() const { return faulted_; }
  // Both move up to the span's size and return how much arrived; less than asked means the end or a fault.
  size_t put(std::span<const std::byte> bytes);
  size_t take(std::span<std::byte> out);
  // Passes over bytes which stay as they are, as if they had moved.
  void skip(size_t size);
  // Gives back the last `size` bytes, which moved but were not used.
  void rewind(uint64_t size);

 private:
  template <class Copy>
  size_t each(size_t size, Copy copy);

  const GuestMemory* memory_;
  std::span<const interface::IoVec> parts_;
  uint64_t part_ = 0, offset_ = 0;
  uint64_t remaining_ = 0, moved_ = 0;
  bool faulted_ = false;
};

}  // namespace cupel::libos
