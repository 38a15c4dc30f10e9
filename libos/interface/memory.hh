#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/base/result.hh"

namespace cupel {

// One task's view of its own memory, as the platform offers it. Each call is one access of the guest's bytes; a
// handler reads a word once and keeps the copy. A fault is a value.
class GuestMemory {
 public:
  // Copies up to `out.size()` bytes from `address`; returns how many arrived before the first fault.
  virtual size_t copy_in(uint64_t address, std::span<std::byte> out) const = 0;
  virtual size_t copy_out(uint64_t address, std::span<const std::byte> bytes) const = 0;
  // The word's old value; EFAULT where it cannot be read and written, EINVAL where it is not 4-aligned.
  virtual Result<uint32_t> compare_exchange(uint64_t address, uint32_t expected, uint32_t desired) const = 0;

  Result<> read(uint64_t address, std::span<std::byte> out) const {
    return copy_in(address, out) == out.size() ? Result<>{} : fail(Errno::fault);
  }
  Result<> write(uint64_t address, std::span<const std::byte> bytes) const {
    return copy_out(address, bytes) == bytes.size() ? Result<>{} : fail(Errno::fault);
  }

 protected:
  ~GuestMemory() = default;
};

}  // namespace cupel
