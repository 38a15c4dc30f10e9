#include "platforms/lvbs/signature.hh"

namespace cupel::lvbs::signature {
namespace {

enum Tag : uint8_t { integer = 0x02, octets = 0x04, null = 0x05, object = 0x06, sequence = 0x30, set = 0x31, context_0 = 0xa0 };

constexpr uint8_t oid_signed_data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
constexpr uint8_t oid_data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
constexpr uint8_t oid_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
constexpr uint8_t oid_sha256[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
constexpr uint8_t oid_sha512[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03};

bool same(ByteSpan one, ByteSpan other) { return one.size() == other.size() && std::memcmp(one.data(), other.data(), one.size()) == 0; }

// One value of DER after the other. Lengths have one form: the shortest, of at most three bytes.
class Der {
 public:
  explicit Der(ByteSpan bytes) : rest_(bytes) {}
  bool ended() const { return rest_.empty(); }
  bool next_is(uint8_t tag) const { return !rest_.empty() && rest_[0] == tag; }
  // The content of the next value, which must be of this tag; with its head where `whole`.
  Result<ByteSpan> take(uint8_t tag, bool whole = false) {
    if (rest_.size() < 2 || rest_[0] != tag) return fail(Errno::badmsg);
    uint64_t length = rest_[1], head = 2;
    if (length >= 0x80) {
      const uint64_t bytes = length & 0x7f;
      if (bytes == 0 || bytes > 3 || rest_.size() < 2 + bytes) return fail(Errno::badmsg);
      length = 0;
      for (; head < 2 + bytes; ++head) length = length << 8 | rest_[head];
      if (length < 0x80 || length >> (8 * (bytes - 1)) == 0) return fail(Errno::badmsg);
    }
    if (length > rest_.size() - head) return fail(Errno::badmsg);
    const ByteSpan found = whole ? rest_.first(head + length) : rest_.subspan(head, length);
    rest_ = rest_.subspan(head + length);
    return found;
  }

 private:
  ByteSpan rest_;
};

Result<ByteSpan> algorithm(Der& in) {
  Der inner(TRY(in.take(sequence)));
  const ByteSpan oid = TRY(inner.take(object));
  if (inner.next_is(null) && !TRY(inner.take(null)).empty()) return fail(Errno::badmsg);
  if (!inner.ended()) return fail(Errno::badmsg);
  return oid;
}

Result<DigestKind> digest_kind(ByteSpan oid) {
  if (same(oid, oid_sha256)) return DigestKind::sha256;
  if (same(oid, oid_sha512)) return DigestKind::sha512;
  return fail(Errno::nopkg);
}

Result<Signer> read_signer(ByteSpan bytes) {
  Der in(bytes);
  TRY(in.take(integer));
  Signer signer;
  signer.identity = TRY(in.take(sequence));
  signer.kind = TRY(digest_kind(TRY(algorithm(in))));
  // Attributes would put another message under the signature than the data.
  if (in.next_is(context_0)) return fail(Errno::badmsg);
  if (!same(TRY(algorithm(in)), oid_rsa)) return fail(Errno::nopkg);
  signer.value = TRY(in.take(octets));
  if (!in.ended()) return fail(Errno::badmsg);
  return signer;
}

Result<Signer> read_message(ByteSpan bytes) {
  Der outer(bytes);
  Der message(TRY(outer.take(sequence)));
  if (!outer.ended() || !same(TRY(message.take(object)), oid_signed_data)) return fail(Errno::badmsg);
  Der wrapped(TRY(message.take(context_0)));
  Der body(TRY(wrapped.take(sequence)));
  if (!message.ended() || !wrapped.ended()) return fail(Errno::badmsg);
  TRY(body.take(integer));
  TRY(body.take(set));
  Der content(TRY(body.take(sequence)));
  // The data stands outside: what came inside would be another.
  if (!same(TRY(content.take(object)), oid_data) || !content.ended()) return fail(Errno::badmsg);
  if (body.next_is(context_0)) TRY(body.take(context_0));
  Der signers(TRY(body.take(set)));
  const Signer signer = TRY(read_signer(TRY(signers.take(sequence))));
  if (!signers.ended() || !body.ended()) return fail(Errno::badmsg);
  return signer;
}

}  // namespace

Result<Parts> split(ByteSpan file) {
  if (file.size() <= mark_size + trailer_size || std::memcmp(file.data() + file.size() - mark_size, mark, mark_size) != 0) return fail(Errno::inval);
  const ByteSpan trailer = file.subspan(file.size() - mark_size - trailer_size, trailer_size);
  if (trailer[2] != id_pkcs7 || (trailer[0] | trailer[1] | trailer[3] | trailer[4] | trailer[5] | trailer[6] | trailer[7]) != 0) return fail(Errno::inval);
  const uint64_t size = uint64_t{trailer[8]} << 24 | uint64_t{trailer[9]} << 16 | uint64_t{trailer[10]} << 8 | trailer[11];
  if (!good_split<uint64_t>(file.size(), size)) return fail(Errno::inval);
  const uint64_t data_size = file.size() - mark_size - trailer_size - size;
  return Parts{file.first(data_size), TRY(read_message(file.subspan(data_size, size)))};
}

}  // namespace cupel::lvbs::signature
