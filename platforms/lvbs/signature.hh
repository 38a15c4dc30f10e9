#pragma once
#include <cstring>
#include <optional>

#include "libos/base/result.hh"
#include "platforms/lvbs/crypto.hh"

// The signature behind a module's or a kexec image's bytes: PKCS#7 in DER, a trailer of 12 bytes, and a mark of 28.
namespace cupel::lvbs::signature {

inline constexpr char mark[] = "~Module signature appended~\n";
inline constexpr uint64_t mark_size = sizeof mark - 1, trailer_size = 12;
inline constexpr uint64_t id_pkcs7 = 2;

// How the file divides into data and signature, of a file that ends with the mark: 0 < signature, and data before it.
template <class Word>
constexpr bool good_split(const Word& file_size, const Word& signature_size) {
  if (file_size <= Word(mark_size + trailer_size)) return false;
  if (signature_size == Word(0)) return false;
  return static_cast<bool>(signature_size < file_size - Word(mark_size + trailer_size));
}

// What a signature says: whose, how, and its number.
struct Signer {
  ByteSpan identity;  // issuer and serial number, DER
  DigestKind kind = DigestKind::sha256;
  ByteSpan value;
};

struct Parts {
  ByteSpan data;
  Signer signer;
};
// EINVAL where it does not end as a signed file does, ENOPKG where the algorithm is none of ours, EBADMSG where the message is
// not exactly one signer's, without attributes, over data that stands outside.
Result<Parts> split(ByteSpan file);

// Splits, and has the signature verified over exactly the bytes that come back. EKEYREJECTED.
template <Crypto Library>
Result<ByteSpan> verified(Library& crypto, ByteSpan file) {
  const Parts parts = TRY(split(file));
  if (!crypto.verify(parts.signer.identity, parts.signer.kind, parts.data, parts.signer.value)) return fail(Errno::keyrejected);
  return parts.data;
}

}  // namespace cupel::lvbs::signature
