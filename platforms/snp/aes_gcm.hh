#pragma once
#include <cstdint>
#include <span>

// AES-256-GCM for guest messages where no library is: mbedTLS as Debian builds it wants printf, calloc and the SSE registers. No
// table is looked up and nothing branches on a secret, at the price of speed; a message takes a few milliseconds.
namespace cupel::snp {

// A MessageCipher. The 12-byte IV is the sequence number, little-endian, and four zeros (56860, section 7.3); tags have 16 bytes.
struct AesGcm {
  bool seal(std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> authenticated, std::span<const uint8_t> plain, std::span<uint8_t> cipher, std::span<uint8_t> tag) const;
  // False where the tag is not the message's; `plain` is zeroed then.
  bool open(std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> authenticated, std::span<const uint8_t> cipher, std::span<const uint8_t> tag, std::span<uint8_t> plain) const;
};

}  // namespace cupel::snp
