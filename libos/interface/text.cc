#include <algorithm>

#include "libos/interface/args.hh"

namespace cupel::interface {

constexpr size_t word_size = 8;

// By aligned words: a string which ends just before an unmapped page is read whole, and next to nothing behind its NUL is
// looked at, which may be another argument.
template <Kind kind_value>
Result<size_t> UserText<kind_value>::read(const GuestMemory& memory, std::span<char> room) const {
  size_t done = 0;
  while (done < room.size()) {
    const uint64_t at = address + done;
    const size_t chunk = std::min<size_t>(room.size() - done, word_size - at % word_size);
    const size_t copied = memory.copy_in(at, std::as_writable_bytes(room.subspan(done, chunk)));
    for (size_t index = done; index < done + copied; ++index) {
      if (room[index] == '\0') return index;
    }
    if (copied < chunk) return fail(Errno::fault);
    done += chunk;
  }
  return fail(Errno::nametoolong);
}
template Result<size_t> UserText<Kind::path>::read(const GuestMemory&, std::span<char>) const;
template Result<size_t> UserText<Kind::string>::read(const GuestMemory&, std::span<char>) const;

}  // namespace cupel::interface
