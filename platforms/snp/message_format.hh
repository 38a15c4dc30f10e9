#pragma once
#include <cstdint>

// Guest messages to the secure processor (SNP firmware ABI 56860, chapter 7): where a header's fields are, and what of an answer
// is believed. Templates over the word type.
namespace cupel::snp::message {

inline constexpr uint64_t header_size = 0x60, payload_max = 4000, authenticated_from = 0x30, authenticated_size = 0x30, tag_size = 16, page_size = 4096;
inline constexpr uint64_t sequence_at = 0x20, algorithm_at = 0x30, header_version_at = 0x31, header_size_at = 0x32, type_at = 0x34, version_at = 0x35, size_at = 0x36, key_at = 0x3c;
static_assert(header_size + payload_max <= page_size && authenticated_from + authenticated_size == header_size);

// The GHCB can carry 32 bits of a sequence number only in the secrets page: beyond them a key is done.
inline constexpr uint64_t sequence_max = 0xffff'ffff;

// The number of the next request after `last`, the last answer's number; 0 where the key must not be used any more.
template <class Word>
constexpr Word next_sequence(const Word& last) {
  if (last >= Word(sequence_max - 1)) return Word(0);
  return last + Word(1);
}

// The fields of an answer's header that are checked, as they lie at 0x20, 0x30 and 0x38.
template <class Word>
struct Header {
  Word sequence, first, second;
};
// `first`: [7:0] algorithm, [15:8] header version, [31:16] header size, [39:32] type, [47:40] version, [63:48] size of the payload.
// `second`: [31:0] reserved, [39:32] key.
template <class Word>
constexpr Header<Word> make_header(const Word& sequence, const Word& type, const Word& size, const Word& key) {
  return {sequence, Word(0x0000'0100'0060'0101) | (type << Word(32)) | (size << Word(48)), key << Word(32)};
}
// Whether an answer's header is the one that answers this request, in every bit of these words.
template <class Word>
constexpr bool answers(const Header<Word>& answer, const Word& request_sequence, const Word& request_type, const Word& size, const Word& key) {
  const Header<Word> expected = make_header(request_sequence + Word(1), request_type + Word(1), size, key);
  if (answer.sequence != expected.sequence) return false;
  if (answer.first != expected.first) return false;
  return static_cast<bool>(answer.second == expected.second);
}

// EXITINFO2 of a guest request: [31:0] the firmware's error, [63:32] the hypervisor's.
enum class Outcome : uint8_t { done, again, again_plain, dead };
inline constexpr uint64_t too_few_pages = 1, busy = 2;
// Only the same bytes may ever follow for a sequence number that was seen: either they are sent again, or the key is destroyed.
template <class Word>
constexpr Outcome judge_outcome(const Word& info_2, bool extended) {
  if (info_2 == Word(0)) return Outcome::done;
  if ((info_2 & Word(0xffff'ffff)) != Word(0)) return Outcome::dead;
  const Word error = info_2 >> Word(32);
  if (error == Word(busy)) return Outcome::again;
  if (extended && error == Word(too_few_pages)) return Outcome::again_plain;
  return Outcome::dead;
}

}  // namespace cupel::snp::message
