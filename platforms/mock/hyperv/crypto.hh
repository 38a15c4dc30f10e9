#pragma once
#include <mbedtls/x509_crt.h>

#include "platforms/lvbs/crypto.hh"

namespace cupel::mock_hyperv {

// The secure kernel's cryptography by mbedTLS.
class MbedCrypto {
 public:
  MbedCrypto() { mbedtls_x509_crt_init(&roots_); }
  MbedCrypto(const MbedCrypto&) = delete;
  MbedCrypto& operator=(const MbedCrypto&) = delete;
  ~MbedCrypto() { mbedtls_x509_crt_free(&roots_); }

  bool trust(lvbs::ByteSpan certificates);
  void forget();
  bool verify(lvbs::ByteSpan identity, lvbs::DigestKind kind, lvbs::ByteSpan data, lvbs::ByteSpan signature);
  std::array<uint8_t, 32> sha256(lvbs::ByteSpan bytes);

 private:
  mbedtls_x509_crt roots_;
  bool trusted_ = false;
};
static_assert(lvbs::Crypto<MbedCrypto>);

}  // namespace cupel::mock_hyperv
