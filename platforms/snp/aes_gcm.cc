#include "platforms/snp/aes_gcm.hh"

#include <array>

namespace cupel::snp {
namespace {

constexpr unsigned rounds = 14, block_size = 16, key_size = 32;
using Block = std::array<uint8_t, block_size>;

// --- AES (FIPS 197) ---

// In GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
constexpr uint8_t times_x(uint8_t a) { return static_cast<uint8_t>((a << 1) ^ (0x1b & -(a >> 7))); }
constexpr uint8_t product(uint8_t a, uint8_t b) {
  unsigned sum = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    sum ^= a & -(static_cast<unsigned>(b) >> bit & 1);
    a = times_x(a);
  }
  return static_cast<uint8_t>(sum);
}
constexpr uint8_t square(uint8_t a) { return product(a, a); }

// The inverse is the power 254; of 0 it is 0, as the S-box wants it.
constexpr uint8_t inverse(uint8_t a) {
  const uint8_t to_2 = square(a), to_3 = product(to_2, a), to_12 = square(square(to_3)), to_15 = product(to_12, to_3), to_14 = product(to_12, to_2);
  const uint8_t to_240 = square(square(square(square(to_15))));
  return product(to_240, to_14);
}
constexpr uint8_t substituted(uint8_t a) {
  const unsigned b = inverse(a), twice = b << 8 | b;
  return static_cast<uint8_t>(b ^ twice >> 7 ^ twice >> 6 ^ twice >> 5 ^ twice >> 4 ^ 0x63);
}
static_assert(substituted(0x00) == 0x63 && substituted(0x53) == 0xed && substituted(0xff) == 0x16, "FIPS 197, figure 7");

class Aes {
 public:
  explicit Aes(std::span<const uint8_t, key_size> key) {
    for (unsigned index = 0; index < key_size; ++index) words_[index] = key[index];
    uint8_t constant = 1;
    for (unsigned at = key_size; at < words_.size(); at += 4) {
      uint8_t word[4] = {words_[at - 4], words_[at - 3], words_[at - 2], words_[at - 1]};
      if (at % key_size == 0) {
        const uint8_t first = word[0];
        for (unsigned index = 0; index < 3; ++index) word[index] = substituted(word[index + 1]);
        word[3] = substituted(first);
        word[0] = static_cast<uint8_t>(word[0] ^ constant);
        constant = times_x(constant);
      } else if (at % key_size == block_size) {
        for (uint8_t& byte : word) byte = substituted(byte);
      }
      for (unsigned index = 0; index < 4; ++index) words_[at + index] = static_cast<uint8_t>(words_[at - key_size + index] ^ word[index]);
    }
  }
  ~Aes() {
    volatile uint8_t* bytes = words_.data();  // volatile: the zeros are stored although nobody reads them
    for (unsigned index = 0; index < words_.size(); ++index) bytes[index] = 0;
  }
  Aes(const Aes&) = delete;
  Aes& operator=(const Aes&) = delete;

  Block encrypt(Block state) const {
    add_key(state, 0);
    for (unsigned round = 1; round <= rounds; ++round) {
      // Bytes substituted and rows shifted at once; a column is four bytes in a row.
      Block shifted;
      for (unsigned index = 0; index < block_size; ++index) shifted[index] = substituted(state[(index + index % 4 * 4) % block_size]);
      state = round == rounds ? shifted : mixed(shifted);
      add_key(state, round);
    }
    return state;
  }

 private:
  void add_key(Block& state, unsigned round) const {
    for (unsigned index = 0; index < block_size; ++index) state[index] = static_cast<uint8_t>(state[index] ^ words_[round * block_size + index]);
  }
  static Block mixed(const Block& state) {
    Block out;
    for (unsigned index = 0; index < block_size; ++index) {
      const unsigned column = index / 4 * 4;
      const auto at = [&](unsigned row) { return state[column + (index + row) % 4]; };
      out[index] = static_cast<uint8_t>(times_x(at(0)) ^ times_x(at(1)) ^ at(1) ^ at(2) ^ at(3));
    }
    return out;
  }
  std::array<uint8_t, (rounds + 1) * block_size> words_{};
};

// --- GHASH (NIST SP 800-38D): 128 bits, the first of them the highest of `high` ---
struct Field {
  uint64_t high = 0, low = 0;
};
Field field_of(const Block& block) {
  Field field;
  for (unsigned index = 0; index < 8; ++index) field.high = field.high << 8 | block[index], field.low = field.low << 8 | block[index + 8];
  return field;
}
Field multiplied(const Field& one, Field other) {
  Field sum;
  for (unsigned bit = 0; bit < 128; ++bit) {
    const uint64_t chosen = -((bit < 64 ? one.high >> (63 - bit) : one.low >> (127 - bit)) & 1);
    sum.high ^= other.high & chosen, sum.low ^= other.low & chosen;
    const uint64_t carried = -(other.low & 1);
    other.low = other.low >> 1 | other.high << 63;
    other.high = other.high >> 1 ^ (carried & uint64_t{0xe1} << 56);
  }
  return sum;
}

class Gcm {
 public:
  Gcm(std::span<const uint8_t, key_size> key, uint64_t sequence) : aes_(key), hash_key_(field_of(aes_.encrypt({}))) {
    for (unsigned index = 0; index < 8; ++index) counter_[index] = static_cast<uint8_t>(sequence >> (index * 8));
    counter_[15] = 1;
    mask_ = aes_.encrypt(counter_);
  }
  // Encrypts or decrypts: the same bytes are added.
  void add_stream(std::span<const uint8_t> from, std::span<uint8_t> to) {
    Block stream{};
    for (size_t at = 0; at < from.size(); ++at) {
      if (at % block_size == 0) {
        for (unsigned index = 15; index >= 12 && ++counter_[index] == 0; --index) {
        }
        stream = aes_.encrypt(counter_);
      }
      to[at] = static_cast<uint8_t>(from[at] ^ stream[at % block_size]);
    }
  }
  Block tag(std::span<const uint8_t> authenticated, std::span<const uint8_t> cipher) {
    Field sum;
    absorb(sum, authenticated);
    absorb(sum, cipher);
    sum = multiplied({sum.high ^ authenticated.size() * 8, sum.low ^ cipher.size() * 8}, hash_key_);
    Block out;
    for (unsigned index = 0; index < block_size; ++index) {
      const uint64_t half = index < 8 ? sum.high : sum.low;
      out[index] = static_cast<uint8_t>(half >> (56 - index % 8 * 8) ^ mask_[index]);
    }
    return out;
  }

 private:
  void absorb(Field& sum, std::span<const uint8_t> bytes) const {
    for (size_t at = 0; at < bytes.size(); at += block_size) {
      Block block{};
      for (size_t index = 0; index < block_size && at + index < bytes.size(); ++index) block[index] = bytes[at + index];
      const Field next = field_of(block);
      sum = multiplied({sum.high ^ next.high, sum.low ^ next.low}, hash_key_);
    }
  }
  Aes aes_;
  Field hash_key_;
  Block counter_{}, mask_{};
};

}  // namespace

bool AesGcm::seal(std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> authenticated, std::span<const uint8_t> plain, std::span<uint8_t> cipher, std::span<uint8_t> tag) const {
  if (cipher.size() != plain.size() || tag.size() != block_size) return false;
  Gcm gcm(key, sequence);
  gcm.add_stream(plain, cipher);
  const Block made = gcm.tag(authenticated, cipher);
  for (unsigned index = 0; index < block_size; ++index) tag[index] = made[index];
  return true;
}

bool AesGcm::open(std::span<const uint8_t, 32> key, uint64_t sequence, std::span<const uint8_t> authenticated, std::span<const uint8_t> cipher, std::span<const uint8_t> tag, std::span<uint8_t> plain) const {
  unsigned different = cipher.size() != plain.size() || tag.size() != block_size ? 1 : 0;
  if (different == 0) {
    Gcm gcm(key, sequence);
    const Block expected = gcm.tag(authenticated, cipher);
    for (unsigned index = 0; index < block_size; ++index) different |= static_cast<unsigned>(expected[index] ^ tag[index]);
    if (different == 0) gcm.add_stream(cipher, plain);
  }
  if (different != 0) {
    for (uint8_t& byte : plain) byte = 0;
  }
  return different == 0;
}

}  // namespace cupel::snp
