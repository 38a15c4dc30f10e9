#include "shims/linux/syscalls/sized.hh"

#include <algorithm>
#include <array>

#include "libos/base/iovec.hh"
#include "libos/base/page.hh"

namespace cupel::linux_shim {

Result<> check_zeros(Task& task, uint64_t address, uint64_t size) {
  TRY(user_range<uint64_t>(address, size, user_limit));
  std::array<std::byte, 256> chunk;
  while (size > 0) {
    const auto part = std::span(chunk).first(std::min<uint64_t>(size, chunk.size()));
    const size_t got = task.memory().copy_in(address, part);
    if (std::ranges::any_of(part.first(got), [](std::byte one) { return one != std::byte{0}; })) return fail(Errno::too_big);
    if (got < part.size()) return fail(Errno::fault);
    address += got, size -= got;
  }
  return {};
}

}  // namespace cupel::linux_shim
