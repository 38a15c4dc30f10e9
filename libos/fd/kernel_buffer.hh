#pragma once
#include <algorithm>
#include <cstring>
#include <span>

#include "libos/interface/memory.hh"

namespace cupel::libos {

// Bytes of our own where files expect a guest's: addresses count from the buffer's first byte. For moving bytes from one
// file to another.
class KernelBuffer final : public GuestMemory {
 public:
  explicit KernelBuffer(std::span<std::byte> bytes) : bytes_(bytes) {}

  size_t copy_in(uint64_t address, std::span<std::byte> out) const override {
    const auto from = rest(address, out.size());
    std::memcpy(out.data(), from.data(), from.size());
    return from.size();
  }
  size_t copy_out(uint64_t address, std::span<const std::byte> bytes) const override {
    const auto to = rest(address, bytes.size());
    std::memcpy(to.data(), bytes.data(), to.size());
    return to.size();
  }
  Result<uint32_t> compare_exchange(uint64_t, uint32_t, uint32_t) const override { return fail(Errno::fault); }

 private:
  std::span<std::byte> rest(uint64_t address, size_t size) const {
    if (address >= bytes_.size()) return {};
    return bytes_.subspan(address, std::min<uint64_t>(size, bytes_.size() - address));
  }

  std::span<std::byte> bytes_;
};

}  // namespace cupel::libos
