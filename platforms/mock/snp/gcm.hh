#pragma once
#include <cstdint>
#include <span>

// AES-256-GCM by mbedTLS, for hosted programs: the mock's secure processor, and the cipher its guests are given.
namespace cupel::mock_snp {

// The 12-byte IV is the sequence number, little-endian, and four zeros (56860, section 7.3).
bool gcm_seal(std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> authenticated, std::span<const uint8_t> plain, std::span<uint8_t> cipher, std::span<uint8_t> tag);
// False where the tag is not the message's; `plain` is zeroed then.
bool gcm_open(std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> authenticated, std::span<const uint8_t> cipher, std::span<const uint8_t> tag, std::span<uint8_t> plain);

// The guest side's concept of it.
struct Gcm {
  bool seal(std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> authenticated, std::span<const uint8_t> plain, std::span<uint8_t> cipher, std::span<uint8_t> tag) const {
    return gcm_seal(key, sequence, authenticated, plain, cipher, tag);
  }
  bool open(std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> authenticated, std::span<const uint8_t> cipher, std::span<const uint8_t> tag, std::span<uint8_t> plain) const {
    return gcm_open(key, sequence, authenticated, cipher, tag, plain);
  }
};

}  // namespace cupel::mock_snp
