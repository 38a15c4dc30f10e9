#pragma once
#include <cstdint>
#include <expected>

// The page state change buffer (GHCB specification 56421, section 4.1.6): a header and up to 253 entries in the GHCB's
// shared buffer. Templates over the word type, so that a proof runs what ships.
namespace cupel::snp::psc {

inline constexpr uint64_t entries_max = 253;
inline constexpr uint64_t header_size = 8;
inline constexpr uint64_t entry_size = 8;
inline constexpr uint64_t buffer_size = 0x7f0;
static_assert(header_size + entries_max * entry_size == buffer_size, "the buffer is used to its last byte");
inline constexpr unsigned retries_max = 16;  // answers without progress before the hypervisor is taken to be stuck

inline constexpr uint64_t pages_per_large = 512;

enum class Operation : uint8_t { to_private = 1, to_shared = 2 };
enum class Fault : uint8_t {
  reserved,   // the header's reserved word is not zero
  end_moved,  // the last entry is not the one we asked for
  backwards,  // the next entry lies before where it was
  beyond,     // or past the end
};

// [15:0] next entry, [31:16] last entry (inclusive), [63:32] reserved.
template <class Word>
struct Header {
  Word current, end, reserved;
};
template <class Word>
constexpr Header<Word> unpack_header(const Word& header) {
  return {header & Word(0xffff), (header >> Word(16)) & Word(0xffff), header >> Word(32)};
}
template <class Word>
constexpr Word pack_header(const Word& current, const Word& end) {
  return current | (end << Word(16));
}

// What the hypervisor's header, copied once, says of the request whose next entry was `current` and whose last one is
// `end`: the next entry now, which is end + 1 when all is done. Equal to `current`: no progress.
template <class Word>
constexpr std::expected<Word, Fault> progress(const Word& current, const Word& end, const Word& returned) {
  const Header<Word> header = unpack_header(returned);
  if (header.reserved != Word(0)) return std::unexpected(Fault::reserved);
  if (header.end != end) return std::unexpected(Fault::end_moved);
  if (header.current < current) return std::unexpected(Fault::backwards);
  if (header.current > end + Word(1)) return std::unexpected(Fault::beyond);
  return header.current;
}

// [11:0] current page, [51:12] frame, [55:52] operation, [56] 2M, [63:57] reserved.
template <class Word>
constexpr Word pack_entry(const Word& gfn, const Word& operation, const Word& large) {
  return ((gfn & Word((uint64_t{1} << 40) - 1)) << Word(12)) | (operation << Word(52)) | (large << Word(56));
}
template <class Word>
struct Entry {
  Word gfn, operation, large;
};
template <class Word>
constexpr Entry<Word> unpack_entry(const Word& entry) {
  return {(entry >> Word(12)) & Word((uint64_t{1} << 40) - 1), (entry >> Word(52)) & Word(0xf), (entry >> Word(56)) & Word(1)};
}

// How many pages the next entry of a request over [start, end) covers: 512 where a 2M page fits and is aligned, else 1.
template <class Word>
constexpr Word next_entry_pages(const Word& start, const Word& end) {
  if ((start & Word(pages_per_large - 1)) != Word(0)) return Word(1);
  if (end - start < Word(pages_per_large)) return Word(1);
  return Word(pages_per_large);
}

// What PVALIDATE's outcome means: EAX, CF as 0 or 1, and whether 2M were asked for. "No change" (CF) is fatal whichever way
// the change was: where validating, the RMP knows a page that our record does not; where rescinding, it was another page.
enum class Validation : uint8_t { done, split, fatal };
template <class Word>
constexpr Validation judge_validation(const Word& code, const Word& unchanged, const Word& large) {
  if (code == Word(6)) return large == Word(1) ? Validation::split : Validation::fatal;
  if (code != Word(0)) return Validation::fatal;
  return unchanged == Word(0) ? Validation::done : Validation::fatal;
}

}  // namespace cupel::snp::psc
