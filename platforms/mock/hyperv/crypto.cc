#include "platforms/mock/hyperv/crypto.hh"

#include <mbedtls/md.h>
#include <mbedtls/sha256.h>

#include <algorithm>
#include <vector>

namespace cupel::mock_hyperv {
namespace {

constexpr size_t modulus_bits_min = 2048;

// Issuer and serial number as a signer's identity has them.
std::vector<uint8_t> identity_of(const mbedtls_x509_crt& certificate) {
  std::vector<uint8_t> all(certificate.issuer_raw.p, certificate.issuer_raw.p + certificate.issuer_raw.len);
  all.push_back(0x02);
  all.push_back(static_cast<uint8_t>(certificate.serial.len));
  all.insert(all.end(), certificate.serial.p, certificate.serial.p + certificate.serial.len);
  return all;
}

}  // namespace

bool MbedCrypto::trust(lvbs::ByteSpan certificates) {
  forget();
  while (!certificates.empty()) {
    // Each certificate is a sequence with a length of two bytes.
    if (certificates.size() < 4 || certificates[0] != 0x30 || certificates[1] != 0x82) return forget(), false;
    const size_t size = (size_t{certificates[2]} << 8 | certificates[3]) + 4;
    if (size > certificates.size() || mbedtls_x509_crt_parse_der(&roots_, certificates.data(), size) != 0) return forget(), false;
    certificates = certificates.subspan(size);
  }
  for (const mbedtls_x509_crt* one = &roots_; one != nullptr; one = one->next) {
    if (!mbedtls_pk_can_do(&one->pk, MBEDTLS_PK_RSA) || mbedtls_pk_get_bitlen(&one->pk) < modulus_bits_min) return forget(), false;
  }
  trusted_ = true;
  return true;
}

void MbedCrypto::forget() {
  if (roots_.raw.p != nullptr) {
    mbedtls_x509_crt_free(&roots_);
    mbedtls_x509_crt_init(&roots_);
  }
  trusted_ = false;
}

bool MbedCrypto::verify(lvbs::ByteSpan identity, lvbs::DigestKind kind, lvbs::ByteSpan data, lvbs::ByteSpan signature) {
  if (!trusted_) return false;
  const mbedtls_md_type_t type = kind == lvbs::DigestKind::sha256 ? MBEDTLS_MD_SHA256 : MBEDTLS_MD_SHA512;
  uint8_t digest[64] = {};
  const mbedtls_md_info_t* info = mbedtls_md_info_from_type(type);
  if (mbedtls_md(info, data.data(), data.size(), digest) != 0) return false;
  for (mbedtls_x509_crt* one = &roots_; one != nullptr; one = one->next) {
    if (!std::ranges::equal(identity_of(*one), identity)) continue;
    return mbedtls_pk_verify(&one->pk, type, digest, mbedtls_md_get_size(info), signature.data(), signature.size()) == 0;
  }
  return false;
}

std::array<uint8_t, 32> MbedCrypto::sha256(lvbs::ByteSpan bytes) {
  std::array<uint8_t, 32> digest{};
  mbedtls_sha256_ret(bytes.data(), bytes.size(), digest.data(), 0);
  return digest;
}

}  // namespace cupel::mock_hyperv
