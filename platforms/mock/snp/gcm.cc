#include "platforms/mock/snp/gcm.hh"

#include <mbedtls/gcm.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "libos/base/check.hh"

namespace cupel::mock_snp {
namespace {

class Context {
 public:
  explicit Context(std::span<const uint8_t, 32> key) {
    mbedtls_gcm_init(&gcm);
    CHECK(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key.data(), 256) == 0);
  }
  ~Context() { mbedtls_gcm_free(&gcm); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  mbedtls_gcm_context gcm;
};

std::array<uint8_t, 12> iv_of(uint64_t sequence) {
  std::array<uint8_t, 12> iv{};
  std::memcpy(iv.data(), &sequence, sizeof sequence);
  return iv;
}

}  // namespace

bool gcm_seal(std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> authenticated, std::span<const uint8_t> plain, std::span<uint8_t> cipher, std::span<uint8_t> tag) {
  Context context(key);
  const auto iv = iv_of(sequence);
  return mbedtls_gcm_crypt_and_tag(&context.gcm, MBEDTLS_GCM_ENCRYPT, plain.size(), iv.data(), iv.size(), authenticated.data(), authenticated.size(), plain.data(), cipher.data(), tag.size(), tag.data()) == 0;
}

bool gcm_open(std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> authenticated, std::span<const uint8_t> cipher, std::span<const uint8_t> tag, std::span<uint8_t> plain) {
  Context context(key);
  const auto iv = iv_of(sequence);
  const bool good = mbedtls_gcm_auth_decrypt(&context.gcm, cipher.size(), iv.data(), iv.size(), authenticated.data(), authenticated.size(), tag.data(), tag.size(), cipher.data(), plain.data()) == 0;
  if (!good) std::ranges::fill(plain, uint8_t{0});
  return good;
}

}  // namespace cupel::mock_snp
