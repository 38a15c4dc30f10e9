// PKCS#7 messages as the kernel's sign-file makes them: one signer, no attributes, the data outside.
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include <stdexcept>

#include "fuzz/lvbs/fixtures.hh"
#include "fuzz/lvbs/test_key.hh"
#include "platforms/lvbs/signature.hh"

namespace cupel::fuzz::lvbs {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes value(uint8_t tag, const Bytes& content) {
  Bytes all{tag};
  if (content.size() >= 0x100) all.insert(all.end(), {0x82, static_cast<uint8_t>(content.size() >> 8), static_cast<uint8_t>(content.size())});
  else if (content.size() >= 0x80) all.insert(all.end(), {0x81, static_cast<uint8_t>(content.size())});
  else all.push_back(static_cast<uint8_t>(content.size()));
  all.insert(all.end(), content.begin(), content.end());
  return all;
}
Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes signature_of(const Bytes& data) {
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  uint8_t digest[32] = {};
  Bytes made(256);
  size_t size = 0;
  const auto* info = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
  const bool good = mbedtls_pk_parse_key(&key, test_private_key, sizeof test_private_key, nullptr, 0) == 0 && mbedtls_md(info, data.data(), data.size(), digest) == 0 &&
                    mbedtls_pk_sign(&key, MBEDTLS_MD_SHA256, digest, sizeof digest, made.data(), &size, nullptr, nullptr) == 0;
  mbedtls_pk_free(&key);
  if (!good || size != made.size()) throw std::runtime_error("the test key does not sign");
  return made;
}

// Issuer and serial number of the test certificate.
Bytes identity() {
  mbedtls_x509_crt certificate;
  mbedtls_x509_crt_init(&certificate);
  if (mbedtls_x509_crt_parse_der(&certificate, test_certificate, sizeof test_certificate) != 0) throw std::runtime_error("the test certificate is none");
  const Bytes all = joined({Bytes(certificate.issuer_raw.p, certificate.issuer_raw.p + certificate.issuer_raw.len), value(0x02, Bytes(certificate.serial.p, certificate.serial.p + certificate.serial.len))});
  mbedtls_x509_crt_free(&certificate);
  return all;
}

}  // namespace

Bytes sign(const Bytes& data) {
  const Bytes signed_data{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}, plain_data{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
  const Bytes sha256 = value(0x30, {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00}), rsa = value(0x30, {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00});
  const Bytes one{0x02, 0x01, 0x01};
  const Bytes signer = value(0x30, joined({one, value(0x30, identity()), sha256, rsa, value(0x04, signature_of(data))}));
  const Bytes body = value(0x30, joined({one, value(0x31, sha256), value(0x30, plain_data), value(0x31, signer)}));
  const Bytes message = value(0x30, joined({signed_data, value(0xa0, body)}));
  const Bytes trailer{0, 0, 2, 0, 0, 0, 0, 0, 0, 0, static_cast<uint8_t>(message.size() >> 8), static_cast<uint8_t>(message.size())};
  constexpr std::string_view mark = cupel::lvbs::signature::mark;
  return joined({data, message, trailer, Bytes(mark.begin(), mark.end())});
}

}  // namespace cupel::fuzz::lvbs
